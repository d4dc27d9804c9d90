import autocannon from 'autocannon';
import { percentile } from './statistics.js';
import type { Target } from './target.js';

const STOP_CHECK_MS = 100;

/** Results of one measured interval of load. */
export interface LoadResult {
  /** Responses, each with the expected status and content. */
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Amount of load. */
export interface Pressure {
  readonly seconds: number;
  readonly connections: number;
  readonly rate: number | undefined;
}

interface Seen {
  /** Milliseconds of each response. autocannon's own histogram rounds to whole milliseconds. */
  readonly latencies: number[];
  readonly statuses: Map<number, number>;
}

function optionsOf(target: Target, { seconds, connections, rate }: Pressure): autocannon.Options {
  const { url, method, headers, body, isExpectedBody } = target;
  return {
    url,
    method,
    headers,
    connections,
    duration: seconds,
    sampleInt: STOP_CHECK_MS,
    verifyBody: (text) => isExpectedBody(String(text ?? '')),
    ...(body === undefined ? {} : { body }),
    ...(rate === undefined ? {} : { overallRate: rate }),
  };
}

function run(options: autocannon.Options, { latencies, statuses }: Seen): Promise<autocannon.Result> {
  return new Promise((resolve, reject) => {
    const instance = autocannon(options, (error: Error | null, result) => {
      if (error) reject(error);
      else resolve(result);
    });
    instance.on('response', (_client, status, _bytes, milliseconds) => {
      latencies.push(milliseconds);
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    });
  });
}

function requireAllGood(target: Target, { latencies, statuses }: Seen, result: autocannon.Result): void {
  const wrong = [...statuses].filter(([status]) => !target.isExpectedStatus(status));
  const { errors, mismatches } = result;
  if (errors === 0 && mismatches === 0 && wrong.length === 0 && latencies.length > 0) return;
  const counts = wrong.map(([status, count]) => `${count} with status ${status}`);
  const found = [`${latencies.length} responses`, `${errors} errors`, `${mismatches} wrong bodies`, ...counts];
  throw new Error(`${target.method} ${target.url}: ${found.join(', ')}`);
}

/** Sends the target's request over and over. Throws if any response differs from the expected one. */
export async function load(target: Target, pressure: Pressure): Promise<LoadResult> {
  const seen: Seen = { latencies: [], statuses: new Map() };
  const startedAt = performance.now();
  const result = await run(optionsOf(target, pressure), seen);
  const seconds = (performance.now() - startedAt) / 1000;
  requireAllGood(target, seen, result);
  const sorted = Float64Array.from(seen.latencies).sort();
  return { requests: sorted.length, seconds, p50Ms: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99) };
}
