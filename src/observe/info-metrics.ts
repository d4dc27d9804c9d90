import { Counter, Gauge, type Registry } from 'prom-client';

/** What this process is made of. */
export interface BuildInfo {
  readonly version: string;
  /** The commit that it was built from. */
  readonly revision: string;
  /** Of the settings in force. */
  readonly configHash: string;
  /** Of the descriptor sets, and so of all policies in them. */
  readonly policyRevision: string;
}

/** States of a gateway, in the order in which it may go through them. */
export const GATEWAY_STATES = ['starting', 'ready', 'degraded', 'draining'] as const;
export type GatewayStateName = (typeof GATEWAY_STATES)[number];

/** Metrics that say what runs here: two instances with different values do not run the same thing. */
export class InfoMetrics {
  private readonly build: Gauge<'version' | 'revision' | 'node'>;
  private readonly config: Gauge<'hash'>;
  private readonly policy: Gauge<'revision'>;
  private compiled = (): number => 0;
  private state = (): GatewayStateName => 'starting';

  constructor(registry: Registry) {
    const gauge = <T extends string>(name: string, help: string, labelNames: T[]) =>
      new Gauge({ name, help, labelNames, registers: [registry] });
    this.build = gauge('gateway_build_info', 'Always 1.', ['version', 'revision', 'node']);
    this.config = gauge(
      'gateway_config_hash_info',
      'Always 1. The hash is that of the settings in force, but for the name of the instance.',
      ['hash'],
    );
    this.policy = gauge(
      'gateway_policy_revision',
      'Always 1. The revision is a hash of the mounted descriptor sets, policies and all.',
      ['revision'],
    );
    this.registerCompiles(registry);
    this.registerState(registry);
  }

  identify({ version, revision, configHash, policyRevision }: BuildInfo): void {
    this.build.set({ version, revision, node: process.version }, 1);
    this.reidentify(configHash, policyRevision);
  }

  /** Settings and policies after a reload. */
  reidentify(configHash: string, policyRevision: string): void {
    this.config.reset();
    this.policy.reset();
    this.config.set({ hash: configHash }, 1);
    this.policy.set({ revision: policyRevision }, 1);
  }

  /** @param compiled number of policies compiled since the process started. */
  watchPolicies(compiled: () => number): void {
    this.compiled = compiled;
  }

  watchState(state: () => GatewayStateName): void {
    this.state = state;
  }

  private registerCompiles(registry: Registry): void {
    const compiled = () => this.compiled();
    new Counter({
      name: 'gateway_policy_compile_total',
      help: 'Policies of routes compiled since the start of the process. It grows at the start and at reloads, and never by a request.',
      registers: [registry],
      collect() {
        this.reset();
        this.inc(compiled());
      },
    });
  }

  private registerState(registry: Registry): void {
    const current = () => this.state();
    new Gauge({
      name: 'gateway_state',
      help: '1 for the state that the gateway is in.',
      labelNames: ['state'],
      registers: [registry],
      collect() {
        const state = current();
        for (const each of GATEWAY_STATES) this.set({ state: each }, each === state ? 1 : 0);
      },
    });
  }
}
