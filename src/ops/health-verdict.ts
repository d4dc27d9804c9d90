/** Outcome of one check, as text: `healthy`, or what is wrong. */
export interface CheckResult {
  readonly name: string;
  readonly healthy: boolean;
  readonly text: string;
  /** True if the gateway does its main job without it: shown, but does not make the gateway unhealthy. */
  readonly optional: boolean;
}

/** Body of `/health` and `/healthz`. */
export interface HealthVerdict {
  readonly status: 'healthy' | 'degraded';
  readonly timestamp: string;
  readonly checks: Readonly<Record<string, string>>;
}

/** Summarizes checks. `/healthz` is strict; `/health` ignores optional components. */
export function verdictOf(results: readonly CheckResult[], at: Date, strict: boolean): HealthVerdict {
  const relevant = results.filter((result) => strict || !result.optional);
  return {
    status: relevant.every((result) => result.healthy) ? 'healthy' : 'degraded',
    timestamp: at.toISOString(),
    checks: Object.fromEntries(results.map(({ name, text }) => [name, text])),
  };
}
