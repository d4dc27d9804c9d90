import type { Logger } from 'pino';
import { laterUnlessEnded, type Schedule } from '../domain/schedule.js';
import type { GatewayMetrics } from './metrics.js';

/** What can be impaired, and how it is told: `auth.degraded TokenRevocationService Redis stream degraded`. */
export interface Impairment {
  /** Label of `gateway_degraded`. */
  readonly component: string;
  /** Tells several flags of one component apart. */
  readonly cause: string;
  readonly area: 'auth' | 'gateway';
  /** Follows `<area>.degraded`. */
  readonly degraded: string;
  /** Follows `<area>.recovered`. */
  readonly recovered: string;
}

/** One change of one flag. */
export interface Transition {
  readonly impairment: Impairment;
  readonly state: 'degraded' | 'recovered';
  /** What was seen; empty on recovery. */
  readonly reason: string;
}

export interface DegradeOptions {
  /** How long a component must stay well before it counts as recovered: flapping is one outage, not many. */
  readonly holdMs: number;
  readonly onTransition?: (transition: Transition) => void;
  readonly schedule?: Schedule;
}

/** Tells each outage once and each recovery once, by log line, gauge and listener. */
export class DegradeFlags {
  private readonly flags = new Map<string, DegradeFlag>();

  constructor(
    private readonly metrics: GatewayMetrics,
    private readonly logger: Logger,
    private readonly options: DegradeOptions,
  ) {}

  /** The flag of this component and cause, lowered at first. Asked again, it is the same one. */
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

  /** 1 while any flag of the component is raised. */
  private setGauge(component: string): void {
    const raised = [...this.flags].some(([key, flag]) => key.startsWith(`${component} `) && flag.raised);
    this.metrics.degraded.set({ component }, raised ? 1 : 0);
  }
}

/** Whether one thing is impaired. All methods may be called as often as one likes: only changes are told. */
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

  /** Reports a failure that may be over already, such as a timeout or a closed connection. The second in a row raises the flag. */
  suspect(reason: string): void {
    if (this.on || this.suspected) this.raise(reason);
    this.suspected = true;
  }

  /** Recovered, if nothing is seen to the contrary during the hold. */
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
