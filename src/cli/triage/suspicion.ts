import type { Condition } from '../doctor/condition.js';

/** How sure a conclusion is: high when traffic and probe agree, low when several causes would look the same. */
export const CONFIDENCES = ['high', 'medium', 'low'] as const;
export type Confidence = (typeof CONFIDENCES)[number];

/** A cause that would explain what is seen. */
export interface Suspicion {
  /** `upstream user`, `circuit user.read`, `redis`, `jwks`, `traffic`, `resources`, `event loop`. */
  readonly subject: string;
  /** Of a connection; `failing` where several would look the same; else what is wrong, in a word. */
  readonly condition:
    Condition | 'failing' | 'open' | 'recovering' | 'overload' | 'rate_limited' | 'exhausted' | 'drift' | 'blocked';
  readonly confidence: Confidence;
  readonly evidence: readonly string[];
  readonly remedy: string | undefined;
  /** Path of the page that says what to do. */
  readonly runbook: string;
}

/** What is slow may be so because of what does not work at all, and circuits open because of either. */
const CONSEQUENCES: Partial<Record<Suspicion['condition'], number>> = { slow: 1, open: 2, recovering: 2 };

/** Sorts causes: the surest first, of equal ones that with more evidence. */
export function rankSuspicions(suspicions: readonly Suspicion[]): Suspicion[] {
  const rank = ({ confidence }: Suspicion) => CONFIDENCES.indexOf(confidence);
  const consequence = ({ condition }: Suspicion) => CONSEQUENCES[condition] ?? 0;
  return suspicions.toSorted(
    (one, other) =>
      rank(one) - rank(other) || consequence(one) - consequence(other) || other.evidence.length - one.evidence.length,
  );
}

const CONNECTION = 'runbooks/alerts/GatewayUpstreamConnectionFailures.md';

/** The page about an upstream in a condition. */
export function runbookOf(upstream: string, condition: Suspicion['condition']): string {
  if (upstream === 'auth') return 'runbooks/alerts/AuthServiceUnreachable.md';
  if (upstream === 'ai') return 'runbooks/alerts/HighAiServiceErrorRate.md';
  return condition === 'slow' ? 'runbooks/alerts/HighApiLatency.md' : CONNECTION;
}
