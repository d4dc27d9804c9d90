/** Outcome of one check, as text: `healthy`, or what is wrong. */
export interface CheckResult {
  readonly name: string;
  readonly healthy: boolean;
  readonly text: string;
  /** Without it the gateway still does its main job: shown, but no reason to call it unhealthy. */
  readonly optional: boolean;
}

/** Body of `/health` and `/healthz`. */
export interface HealthVerdict {
  readonly status: 'healthy' | 'degraded';
  readonly timestamp: string;
  readonly checks: Readonly<Record<string, string>>;
}

/** What a set of checks comes to. `/healthz` is strict, `/health` overlooks optional parts. */
export function verdictOf(results: readonly CheckResult[], at: Date, strict: boolean): HealthVerdict {
  const relevant = results.filter((result) => strict || !result.optional);
  return {
    status: relevant.every((result) => result.healthy) ? 'healthy' : 'degraded',
    timestamp: at.toISOString(),
    checks: Object.fromEntries(results.map(({ name, text }) => [name, text])),
  };
}
