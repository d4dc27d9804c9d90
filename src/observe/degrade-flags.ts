import type { Logger } from 'pino';
import { laterUnlessEnded, type Schedule } from '../domain/schedule.js';
import type { GatewayMetrics } from './metrics.js';

/** A possible impairment, and how it is reported: `auth.degraded TokenRevocationService Redis stream degraded`. */
export interface Impairment {
  /** Label of `gateway_degraded`. */
  readonly component: string;
  /** Distinguishes several flags of one component. */
  readonly cause: string;
  readonly area: 'auth' | 'gateway';
  /** Text after `<area>.degraded`. */
  readonly degraded: string;
  /** Text after `<area>.recovered`. */
  readonly recovered: string;
}

/** One change of one flag. */
export interface Transition {
  readonly impairment: Impairment;
  readonly state: 'degraded' | 'recovered';
  /** Why it was raised; empty on recovery. */
  readonly reason: string;
}

export interface DegradeOptions {
  /** How long a component must stay healthy before its recovery is reported, in ms: flapping counts as one outage. */
  readonly holdMs: number;
  readonly onTransition?: (transition: Transition) => void;
  readonly schedule?: Schedule;
}

/** Reports each outage and each recovery once, by log line, gauge and listener. */
export class DegradeFlags {
  private readonly flags = new Map<string, DegradeFlag>();

  constructor(
    private readonly metrics: GatewayMetrics,
    private readonly logger: Logger,
    private readonly options: DegradeOptions,
  ) {}

  /** Returns the flag of this component and cause, lowered at first; the same flag for the same arguments. */
  flag(impairment: Impairment): DegradeFlag {
    const key = `${impairment.component} ${impairment.cause}`;
    const known = this.flags.get(key);
    if (known !== undefined) return known;
    const announce = (state: Transition['state'], reason: string) => this.announce({ impairment, state, reason });
    const flag = new DegradeFlag(announce, this.options.holdMs, this.options.schedule ?? laterUnlessEnded);
    this.flags.set(key, flag);
    this.setGauge(impairment.component);
    return flag;
  }

  /** Returns the components that are impaired now. */
  impaired(): string[] {
    const raised = [...this.flags].filter(([, flag]) => flag.raised).map(([key]) => key.slice(0, key.indexOf(' ')));
    return [...new Set(raised)];
  }

  private announce(transition: Transition): void {
    const { impairment, state, reason } = transition;
    const { component, cause } = impairment;
    this.setGauge(component);
    if (state === 'recovered') this.logger.info({ component, cause }, `recovered component=${component}`);
    else this.logger.warn({ component, cause, reason }, `degraded component=${component}`);
    this.options.onTransition?.(transition);
  }

  /** Sets the gauge of a component: 1 while any of its flags is raised. */
  private setGauge(component: string): void {
    const raised = [...this.flags].some(([key, flag]) => key.startsWith(`${component} `) && flag.raised);
    this.metrics.degraded.set({ component }, raised ? 1 : 0);
  }
}

/** Tracks whether one thing is impaired. All methods may be called repeatedly: only changes are reported. */
export class DegradeFlag {
  private on = false;
  private suspected = false;
  private cancelRecovery: (() => void) | undefined;

  constructor(
    private readonly announce: (state: Transition['state'], reason: string) => void,
    private readonly holdMs: number,
    private readonly schedule: Schedule,
  ) {}

  get raised(): boolean {
    return this.on;
  }

  raise(reason: string): void {
    this.cancelRecovery?.();
    this.cancelRecovery = undefined;
    if (this.on) return;
    this.on = true;
    this.announce('degraded', reason);
  }

  /**
   * Reports a failure that may already be over, such as a timeout or a closed connection. The second in a row raises
   * the flag.
   */
  suspect(reason: string): void {
    if (this.on || this.suspected) this.raise(reason);
    this.suspected = true;
  }

  /** Reports success; the flag is lowered if nothing fails during the hold. */
  lower(): void {
    this.suspected = false;
    if (!this.on || this.cancelRecovery !== undefined) return;
    if (this.holdMs === 0) this.recover();
    else this.cancelRecovery = this.schedule(() => this.recover(), this.holdMs);
  }

  private recover(): void {
    this.cancelRecovery = undefined;
    this.on = false;
    this.announce('recovered', '');
  }
}
