import type { WireAttempt, WireFailure } from './wire-probe.js';

/** State of an endpoint as seen by its clients. */
export type Condition =
  'healthy' | 'unresolved' | 'unreachable' | 'down' | 'hang' | 'slow' | 'flaky' | 'garbage' | 'tls';

/** Condition with its evidence and remedy. */
export interface Diagnosis {
  readonly condition: Condition;
  readonly evidence: string;
  readonly remedy: string | undefined;
}

const REMEDIES: Readonly<Record<Exclude<Condition, 'healthy'>, string>> = {
  unresolved: 'check the spelling, and in Kubernetes the namespace: <name>.<namespace>.svc.cluster.local',
  unreachable: 'check firewalls, security groups and network policies between here and there',
  down: 'start it; if it is running, compare its port with the setting',
  hang: 'it accepts connections but does not respond: look for a deadlock or exhausted threads, then restart it',
  slow: 'check its load, its database and the network in between',
  flaky: 'connections are reset: look for restarts, crashes and a proxy or load balancer that drops connections',
  garbage: 'another program listens there, or a proxy changes the traffic: compare the port and the scheme',
  tls: 'check the certificate, its authority and its name, and whether both sides use TLS',
};

/**
 * Concludes from several attempts at one endpoint.
 * @param slowMs the time beyond which an answer is slow.
 * @param ownMs what this process itself adds to each attempt at present.
 */
export function diagnose(attempts: readonly WireAttempt[], slowMs: number, ownMs: number): Diagnosis {
  const count = (...kinds: (WireFailure | undefined)[]) =>
    attempts.filter(({ failure }) => kinds.includes(failure)).length;
  const failed = (kind: WireFailure) => attempts.find(({ failure }) => failure === kind);
  const of = (kind: number) => `${kind} of ${attempts.length}`;
  const answered = count(undefined);
  const found = (condition: Exclude<Condition, 'healthy'>, evidence: string): Diagnosis => {
    return { condition, evidence, remedy: REMEDIES[condition] };
  };
  const garbage = failed('garbage');
  if (garbage) return found('garbage', `${garbage.detail} (${of(count('garbage'))} attempts)`);
  const broken = failed('certificate') ?? failed('handshake');
  if (broken) return found('tls', broken.detail);
  if (count('refused') === attempts.length) return found('down', 'connection refused');
  if (count('reset') > 0) return found('flaky', `${of(count('reset'))} connections were reset`);
  if (count('refused') > 0) return found('flaky', `${of(count('refused'))} connections were refused`);
  if (count('unreachable') > 0) return found('unreachable', failed('unreachable')?.detail ?? '');
  const late = failed('timeout');
  if (late?.step === 'tcp' && answered === 0) return found('unreachable', `no connection: ${late.detail}`);
  if (late && answered === 0) return found('hang', `connected, but ${late.detail}`);
  const median = Math.max(0, medianMs(attempts) - ownMs);
  if (late || median > slowMs) return found('slow', `answers after ${Math.round(median)}ms (limit ${slowMs}ms)`);
  return { condition: 'healthy', evidence: `answers after ${Math.round(median)}ms`, remedy: undefined };
}

/** Returns the diagnosis of a name that does not resolve. */
export function unresolved(host: string, reason: string): Diagnosis {
  return { condition: 'unresolved', evidence: `no such host: ${host} (${reason})`, remedy: REMEDIES.unresolved };
}

/** Returns the median time of attempts in ms. */
export function medianMs(attempts: readonly WireAttempt[]): number {
  const times = attempts.map(({ ms }) => ms).toSorted((left, right) => left - right);
  return times[Math.floor(times.length / 2)] ?? 0;
}
