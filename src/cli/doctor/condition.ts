import type { WireAttempt, WireFailure } from './wire-probe.js';

/** What an endpoint does to those who connect. */
export type Condition =
  'healthy' | 'unresolved' | 'unreachable' | 'down' | 'hang' | 'slow' | 'flaky' | 'garbage' | 'tls';

/** A condition with what it was concluded from, and what to do. */
export interface Diagnosis {
  readonly condition: Condition;
  readonly evidence: string;
  readonly remedy: string | undefined;
}

const REMEDIES: Readonly<Record<Exclude<Condition, 'healthy'>, string>> = {
  unresolved: 'check the spelling, and in Kubernetes the namespace: <name>.<namespace>.svc.cluster.local',
  unreachable: 'check firewalls, security groups and network policies between here and there',
  down: 'start it; if it runs, compare its port with the one that is set',
  hang: 'it accepts connections and does nothing: look for a deadlock or exhausted threads, then restart it',
  slow: 'look at its load, its database and the network between',
  flaky: 'connections are reset: look for restarts, crashes and a proxy or load balancer that drops connections',
  garbage: 'another program listens there, or a proxy that changes what passes: compare the port and the scheme',
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

/** When the address of a name could not be found. */
export function unresolved(host: string, reason: string): Diagnosis {
  return { condition: 'unresolved', evidence: `no such host: ${host} (${reason})`, remedy: REMEDIES.unresolved };
}

/** The median time of attempts in ms. */
export function medianMs(attempts: readonly WireAttempt[]): number {
  const times = attempts.map(({ ms }) => ms).toSorted((left, right) => left - right);
  return times[Math.floor(times.length / 2)] ?? 0;
}
