import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { findPrometheusTool } from '../../support/debian-tools.js';
import { FACTOR } from '../compress.js';
import type { ScrapedPod } from './prometheus.js';

const run = promisify(execFile);
/** The longest window of a rule. */
const WINDOW_SECONDS = (3 * 24 * 60 * 60) / FACTOR;

/** Recorded series of quiet days: little traffic, no errors. */
const QUIET: Readonly<Record<string, number>> = {
  'api_gateway:http_requests:rate5m': 15,
  'api_gateway:http_request_errors:rate5m': 0,
  'api_gateway:http_request_latency_seconds:p95_rate5m': 0.02,
};

/**
 * Writes what Prometheus would have recorded before the drill, up to this second. Windows of hours and days would else
 * hold the seconds of the fault alone, and every alert on them fire with the first error.
 */
export async function writeHistory(directory: string, pods: readonly ScrapedPod[]): Promise<void> {
  const now = Math.floor(Date.now() / 1_000);
  const quiet = Object.entries(QUIET).flatMap(([name, value]) => series(name, value, now - WINDOW_SECONDS, now));
  const up = pods.map(({ name, address }) => {
    return `up{instance="${address}",job="api-gateway",namespace="production",pod="${name}"} 1 ${now}`;
  });
  const file = `${directory}.openmetrics`;
  writeFileSync(file, [...quiet, '# TYPE up gauge', ...up, '# EOF\n'].join('\n'));
  await run(findPrometheusTool('promtool'), ['tsdb', 'create-blocks-from', 'openmetrics', '--quiet', file, directory]);
  rmSync(file);
}

/** One sample per second, as often as the compressed rules are evaluated. */
function series(name: string, value: number, from: number, to: number): string[] {
  const samples = Array.from({ length: to - from + 1 }, (_none, n) => `${name} ${value} ${from + n}`);
  return [`# TYPE ${name} gauge`, ...samples];
}
