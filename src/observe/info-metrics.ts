import { Counter, Gauge, type Registry } from 'prom-client';

/** Versions that identify this process. */
export interface BuildInfo {
  readonly version: string;
  /** The commit that it was built from. */
  readonly revision: string;
  /** Hash of the settings in force. */
  readonly configHash: string;
  /** Hash of the descriptor sets, and so of all policies in them. */
  readonly policyRevision: string;
}

/** States of a gateway, in the order in which it may pass through them. */
export const GATEWAY_STATES = ['starting', 'ready', 'degraded', 'draining'] as const;
export type GatewayStateName = (typeof GATEWAY_STATES)[number];

/**
 * Metrics that identify the running version: instances with different values run different code, settings or
 * policies.
 */
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
      'Always 1. The hash covers the settings in force, except the name of the instance.',
      ['hash'],
    );
    this.policy = gauge(
      'gateway_policy_revision',
      'Always 1. The revision is a hash of the mounted descriptor sets, including all policies.',
      ['revision'],
    );
    this.registerCompiles(registry);
    this.registerState(registry);
  }

  identify({ version, revision, configHash, policyRevision }: BuildInfo): void {
    this.build.set({ version, revision, node: process.version }, 1);
    this.reidentify(configHash, policyRevision);
  }

  /** Updates the hashes of settings and policies after a reload. */
  reidentify(configHash: string, policyRevision: string): void {
    this.config.reset();
    this.policy.reset();
    this.config.set({ hash: configHash }, 1);
    this.policy.set({ revision: policyRevision }, 1);
  }

  /**
   * Reads the number of compiled policies at each scrape.
   * @param compiled number of policies compiled since the process started.
   */
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
      help: 'Route policies compiled since the start of the process. It grows at startup and at reloads, never because of a request.',
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
      help: '1 for the current state of the gateway.',
      labelNames: ['state'],
      registers: [registry],
      collect() {
        const state = current();
        for (const each of GATEWAY_STATES) this.set({ state: each }, each === state ? 1 : 0);
      },
    });
  }
}
