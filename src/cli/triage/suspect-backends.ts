import type { Condition } from '../doctor/condition.js';
import type { Observation } from './observation.js';
import { type Confidence, runbookOf, type Suspicion } from './suspicion.js';

/** Observations of the gateway about one dependency. */
interface Seen {
  /** Undefined: nothing is wrong. `failing`: several causes would look like this. */
  readonly condition: Suspicion['condition'] | undefined;
  readonly evidence: readonly string[];
}

/** An answer that takes more of a deadline than this is slow. */
const SLOW_SHARE = 0.5;
const DEFAULT_TIMEOUT_MS = 2_000;

/** Looked at first: most problems of a gateway are those of a backend, of Redis or of the issuer. */
export function suspectBackends(observation: Observation): Suspicion[] {
  const { metrics } = observation;
  const upstreams = metrics.after.values('gateway_upstream_up', 'upstream');
  return [
    ...upstreams.flatMap((name) => {
      const seen = seenOfUpstream(observation, name);
      return conclude(observation, `upstream ${name}`, seen, (condition) => runbookOf(name, condition));
    }),
    ...conclude(observation, 'redis', seenOfRedis(observation), () => 'runbooks/redis.md'),
    ...conclude(observation, 'jwks', seenOfKeys(observation), () => 'runbooks/runbook-auth-service.md'),
  ];
}

/** A probe tells apart what looks alike in the counters; the counters tell whether it matters. */
function conclude(
  { probes }: Observation,
  subject: string,
  seen: Seen,
  runbook: (condition: Suspicion['condition']) => string,
): Suspicion[] {
  const probe = probes.find((line) => line.subject === subject && line.condition !== undefined);
  const failed = probes.find((line) => line.subject === subject && line.status === 'fail');
  const probed = probe?.condition === 'healthy' ? undefined : probe?.condition;
  const condition = probed ?? seen.condition ?? (failed === undefined ? undefined : 'failing');
  if (condition === undefined) return [];
  const line = probed === undefined ? failed : probe;
  const told = line === undefined ? [] : [`probe: ${line.detail}`];
  const now = probe?.condition === 'healthy' && failed === undefined ? ['probe: it answers at present'] : [];
  return [
    {
      subject,
      condition,
      confidence: confidenceOf(probed, seen, probe !== undefined),
      evidence: [...told, ...seen.evidence, ...now],
      remedy: line?.remedy,
      runbook: runbook(condition),
    },
  ];
}

function confidenceOf(probed: Condition | undefined, seen: Seen, wasProbed: boolean): Confidence {
  if (probed !== undefined) return seen.condition === undefined ? 'medium' : 'high';
  if (wasProbed || seen.condition === 'failing') return 'low';
  return 'medium';
}

const BY_HEALTH: readonly (readonly [RegExp, Suspicion['condition']])[] = [
  [/^(?:connection )?refused/, 'down'],
  [/no such host/, 'unresolved'],
  [/^tls|TLS failed/, 'tls'],
  [/^reset|^goaway|connection reset/, 'flaky'],
  [/no gRPC server|^other/, 'garbage'],
];

function seenOfUpstream(observation: Observation, upstream: string): Seen {
  const { metrics, health, upstreams } = observation;
  const shown = upstreams.find((each) => each.upstream === upstream);
  const text = shown?.health ?? health[`${upstream}-service`] ?? '';
  const isUnwell = text !== '' && text !== 'healthy' && text !== 'not checked yet';
  const failures = (reason: string) =>
    metrics.increase('upstream_grpc_connection_failures_total', { upstream, reason });
  const count = (code: string) => metrics.increase('upstream_grpc_requests_total', { upstream, code });
  const evidence = [
    ...(isUnwell ? [`health check: ${text}`] : []),
    ...['refused', 'timeout', 'dns', 'tls', 'reset', 'other'].flatMap((reason) => {
      return failures(reason) === 0 ? [] : [`${failures(reason)} calls found no connection: ${reason}`];
    }),
    ...(count('DEADLINE_EXCEEDED') === 0 ? [] : [`${count('DEADLINE_EXCEEDED')} calls exceeded their deadline`]),
    ...circuitEvidence(observation, upstream),
  ];
  const meanMs = (metrics.mean('upstream_grpc_request_duration_seconds', { upstream }) ?? 0) * 1000;
  const isSlow = meanMs > SLOW_SHARE * (shown?.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  if (isSlow) evidence.push(`calls take ${Math.round(meanMs)}ms on average`);
  return { condition: conditionSeen({ text: isUnwell ? text : '', failures, count, isSlow }), evidence };
}

interface Signs {
  readonly text: string;
  readonly failures: (reason: string) => number;
  readonly count: (code: string) => number;
  readonly isSlow: boolean;
}

function conditionSeen({ text, failures, count, isSlow }: Signs): Seen['condition'] {
  const isMixed = failures('reset') > 0 && count('OK') > 0;
  const told = BY_HEALTH.find(([pattern]) => pattern.test(text))?.[1];
  if (isMixed) return 'flaky';
  if (told !== undefined) return told;
  if (failures('refused') > 0) return 'down';
  if (failures('dns') > 0) return 'unresolved';
  if (failures('reset') > 0) return 'flaky';
  if (failures('other') > 0) return 'garbage';
  if (isSlow && count('OK') > 0) return 'slow';
  // Silence and slowness look alike until somebody waits long enough.
  return text !== '' || count('DEADLINE_EXCEEDED') > 0 || failures('timeout') > 0 ? 'failing' : undefined;
}

/** A circuit that is still open says what was, not what is: no sign that the upstream itself does not work. */
function circuitEvidence({ metrics }: Observation, upstream: string): string[] {
  const isOpen = metrics.after.sum('gateway_circuit_state', { upstream, state: 'open' }) > 0;
  const rejected = metrics.increase('gateway_circuit_rejections_total', { upstream, reason: 'open' });
  if (isOpen) return [`its circuit is open (${rejected} calls refused meanwhile)`];
  return rejected > 0 ? [`its circuit was open (${rejected} calls refused)`] : [];
}

function seenOfRedis({ metrics, health }: Observation): Seen {
  const text = health['redis'] ?? '';
  const isDegraded = metrics.after.sum('gateway_degraded', { component: 'redis' }) > 0;
  const errors = metrics.increase('rate_limit_store_errors_total');
  const isUnwell = text !== '' && text !== 'healthy' && text !== 'not checked yet';
  const evidence = [
    ...(isUnwell ? [`health check: ${text}`] : []),
    ...(isDegraded ? ['gateway_degraded{component="redis"} is 1'] : []),
    ...(errors > 0 ? [`${errors} shared limits could not be counted`] : []),
  ];
  if (evidence.length === 0) return { condition: undefined, evidence };
  const told = BY_HEALTH.find(([pattern]) => pattern.test(text))?.[1];
  return { condition: told === 'down' || told === 'unresolved' || told === 'tls' ? told : 'failing', evidence };
}

function seenOfKeys({ metrics }: Observation): Seen {
  const reasons = metrics.after.values('gateway_jwks_refresh_failures_total', 'reason');
  const failures = reasons.map((reason) => {
    return { reason, count: metrics.increase('gateway_jwks_refresh_failures_total', { reason }) };
  });
  const grown = failures.filter(({ count }) => count > 0);
  const evidence = grown.map(({ reason, count }) => `${count} fetches of signing keys failed: ${reason}`);
  return { condition: grown.length === 0 ? undefined : 'failing', evidence };
}
