import type { Condition } from '../doctor/condition.js';

/** Confidence of a conclusion: high when traffic and probe agree, low when several causes would look the same. */
export const CONFIDENCES = ['high', 'medium', 'low'] as const;
export type Confidence = (typeof CONFIDENCES)[number];

/** Possible cause of the observations. */
export interface Suspicion {
  /** `upstream user`, `circuit user.read`, `redis`, `jwks`, `traffic`, `resources`, `event loop`. */
  readonly subject: string;
  /** Condition of a connection; `failing` when several are possible; otherwise the problem in one word. */
  readonly condition:
    Condition | 'failing' | 'open' | 'recovering' | 'overload' | 'rate_limited' | 'exhausted' | 'drift' | 'blocked';
  readonly confidence: Confidence;
  readonly evidence: readonly string[];
  readonly remedy: string | undefined;
  /** Path of the runbook page. */
  readonly runbook: string;
}

/** Ranks causes: failures may cause slowness, and both may open circuit breakers. */
const CONSEQUENCES: Partial<Record<Suspicion['condition'], number>> = { slow: 1, open: 2, recovering: 2 };

/** Sorts causes by confidence, then by the amount of evidence. */
export function rankSuspicions(suspicions: readonly Suspicion[]): Suspicion[] {
  const rank = ({ confidence }: Suspicion) => CONFIDENCES.indexOf(confidence);
  const consequence = ({ condition }: Suspicion) => CONSEQUENCES[condition] ?? 0;
  return suspicions.toSorted(
    (one, other) =>
      rank(one) - rank(other) || consequence(one) - consequence(other) || other.evidence.length - one.evidence.length,
  );
}

const CONNECTION = 'runbooks/alerts/GatewayUpstreamConnectionFailures.md';

/** Returns the runbook page about an upstream in a condition. */
export function runbookOf(upstream: string, condition: Suspicion['condition']): string {
  if (upstream === 'auth') return 'runbooks/alerts/AuthServiceUnreachable.md';
  if (upstream === 'ai') return 'runbooks/alerts/HighAiServiceErrorRate.md';
  return condition === 'slow' ? 'runbooks/alerts/HighApiLatency.md' : CONNECTION;
}
