import { lookup } from 'node:dns/promises';
import { withTimeout } from '../../domain/loop-timeout.js';
import type { Target } from '../../grpc/client/target.js';
import type { CheckLine } from './check-line.js';
import { diagnose, type Diagnosis, unresolved } from './condition.js';
import { measureReference } from './reference.js';
import { probeWire, type Protocol, type WireTarget } from './wire-probe.js';

/** Timeout and number of attempts. */
export interface ProbeLimits {
  readonly timeoutMs: number;
  /** Responses that take longer are slow. */
  readonly slowMs: number;
  /** Delay that this process currently adds to an attempt, in ms; default none. */
  readonly reference?: Promise<number>;
}

/** Endpoint that the gateway depends on. */
export interface Endpoint {
  readonly subject: string;
  /** Setting that names it. */
  readonly setting: string;
  readonly target: Pick<Target, 'name' | 'addresses'>;
  readonly protocol: Protocol;
  readonly tls: WireTarget['tls'];
}

/** Number of attempts that shows occasional connection resets. */
const ATTEMPTS = 8;
const MAX_ADDRESSES = 16;

/** Resolves the name, then connects and sends the first bytes of the protocol, several times concurrently. Never rejects. */
export async function checkEndpoint(endpoint: Endpoint, limits: ProbeLimits): Promise<CheckLine[]> {
  const { subject, target } = endpoint;
  const resolved = await resolve(target, limits.timeoutMs);
  if ('condition' in resolved) return [lineOf(endpoint, 'dns', resolved)];
  const { addresses, ms } = resolved;
  const names = addresses.map((address) => ('path' in address ? address.path : `${address.host}:${address.port}`));
  const dns = target.name === undefined ? [] : [okDns(subject, { host: target.name.host, names, ms })];
  const diagnosis = await diagnoseTwice(endpoint, addresses, limits);
  const evidence = `${names.join(', ')} ${endpoint.tls === undefined ? '' : 'over TLS '}${diagnosis.evidence}`;
  return [...dns, lineOf(endpoint, 'connect', { ...diagnosis, evidence })];
}

/** Repeats a slow probe, since a single pause of either side is not slowness. */
async function diagnoseTwice(endpoint: Endpoint, addresses: Resolution['addresses'], limits: ProbeLimits) {
  const attempts = await attempt(endpoint, addresses, limits.timeoutMs);
  const diagnosis = diagnose(attempts, limits.slowMs, await (limits.reference ?? 0));
  if (diagnosis.condition !== 'slow') return diagnosis;
  const [again, ownMs] = await Promise.all([
    attempt(endpoint, addresses, limits.timeoutMs),
    measureReference(limits.timeoutMs),
  ]);
  const confirmed = diagnose(again, limits.slowMs, ownMs);
  return confirmed.condition === 'healthy' ? confirmed : diagnosis;
}

/** Makes several concurrent attempts, spread over the addresses. */
function attempt({ protocol, tls }: Endpoint, addresses: Resolution['addresses'], timeoutMs: number) {
  const targets = Array.from(
    { length: Math.max(ATTEMPTS, addresses.length) },
    (_, n) => addresses[n % addresses.length],
  );
  return Promise.all(
    targets.flatMap((address) => (address === undefined ? [] : [probeWire({ address, protocol, tls }, timeoutMs)])),
  );
}

/** Returns whether the endpoint responds at all, which further checks need. */
export function isUsable(lines: readonly CheckLine[]): boolean {
  return lines.every(({ condition }) => condition === undefined || condition === 'healthy' || condition === 'slow');
}

function lineOf({ subject, setting }: Endpoint, step: string, { condition, evidence, remedy }: Diagnosis): CheckLine {
  if (remedy === undefined) return { subject, step, status: 'ok', detail: evidence, condition };
  const detail = `${condition}: ${evidence}`;
  const status = condition === 'slow' ? 'warn' : 'fail';
  return { subject, step, status, detail, remedy: `${remedy} (${setting})`, condition };
}

interface Resolution {
  readonly addresses: WireTarget['address'][];
  readonly ms: number;
}

async function resolve({ name, addresses }: Endpoint['target'], timeoutMs: number): Promise<Resolution | Diagnosis> {
  if (name === undefined) return { addresses: [...addresses], ms: 0 };
  const startedAt = performance.now();
  try {
    const found = await withTimeout(timeoutMs, lookup(name.host, { all: true }));
    const hosts = found.slice(0, MAX_ADDRESSES).map(({ address }) => ({ host: address, port: name.port }));
    return { addresses: hosts, ms: performance.now() - startedAt };
  } catch (error) {
    return unresolved(name.host, error instanceof Error && 'code' in error ? String(error.code) : 'no answer in time');
  }
}

function okDns(
  subject: string,
  found: { readonly host: string; readonly names: readonly string[]; readonly ms: number },
) {
  const detail = `${found.host} is ${found.names.length === 1 ? found.names[0] : `${found.names.length} addresses`}`;
  return { subject, step: 'dns', status: 'ok', detail: `${detail} (${Math.round(found.ms)}ms)` } as const;
}
