import { setTimeout as pause } from 'node:timers/promises';
import { percentile } from '../harness/statistics.js';
import { CheapPool } from './cheap-client.js';
import type { LoadFigures } from './steady-load.js';

const TICK_MS = 2;
const ANSWERS_WITHIN_MS = 40_000;

/** GET requests from prepared bytes, sent by a process that does nothing else. */
export interface CheapLoad {
  readonly url: string;
  readonly token: string;
  readonly seconds: number;
  /** Requests per second (open loop); undefined: each connection sends again as soon as it has a response (closed loop). */
  readonly rate: number | undefined;
  readonly connections: number;
}

/** Result of a load. */
export interface CheapFigures extends LoadFigures {
  /** Time in which requests were sent; responses may have come later. */
  readonly seconds: number;
  /** Number of 200 responses within that time. */
  readonly goodInTime: number;
  readonly refusalsWithoutRetryAfter: number;
  readonly refusalP50Ms: number;
  /** Time at which the last request without a 200 response was sent, in seconds since the first one; 0 without any. */
  readonly lastFailureAt: number;
}

interface Tally {
  readonly good: number[];
  readonly refusals: number[];
  readonly statuses: Map<number, number>;
  sent: number;
  open: number;
  failed: number;
  unsent: number;
  goodInTime: number;
  withoutRetryAfter: number;
  lastFailureAt: number;
}

function requestOf({ url, token }: CheapLoad): Buffer {
  const { host, pathname } = new URL(url);
  return Buffer.from(`GET ${pathname} HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${token}\r\n\r\n`);
}

/** Sends one load and waits for its responses, for at most 40 s. */
export async function cheapLoad(load: CheapLoad): Promise<CheapFigures> {
  const pool = new CheapPool(new URL(load.url), load.connections);
  const request = requestOf(load);
  const tally: Tally = {
    good: [],
    refusals: [],
    statuses: new Map(),
    sent: 0,
    open: 0,
    failed: 0,
    unsent: 0,
    goodInTime: 0,
    withoutRetryAfter: 0,
    lastFailureAt: 0,
  };
  await pool.open(request);
  const startedAt = performance.now();
  const endsAt = startedAt + load.seconds * 1000;
  const fire = (then: () => void) => {
    const sentAt = performance.now();
    const isSent = pool.send(request, ({ status, retryAfter }) => {
      tally.open -= 1;
      const now = performance.now();
      note(tally, { status, retryAfter, ms: now - sentAt, sentAt: (sentAt - startedAt) / 1000, inTime: now <= endsAt });
      then();
    });
    if (isSent) {
      tally.sent += 1;
      tally.open += 1;
    } else tally.unsent += 1;
  };
  if (load.rate === undefined) await closedLoop(load, endsAt, fire);
  else await openLoop({ ...load, rate: load.rate }, startedAt, fire);
  const offeredFor = (performance.now() - startedAt) / 1000;
  const giveUpAt = performance.now() + ANSWERS_WITHIN_MS;
  while (tally.open > 0 && performance.now() < giveUpAt) await pause(20);
  tally.failed += tally.open;
  pool.close();
  return figuresOf(tally, offeredFor);
}

async function openLoop(load: { rate: number; seconds: number }, startedAt: number, fire: (then: () => void) => void) {
  const { rate, seconds } = load;
  const total = Math.round(rate * seconds);
  for (let index = 0; index < total;) {
    const due = Math.min(total, Math.ceil(((performance.now() - startedAt) / 1000) * rate));
    for (; index < due; index += 1) fire(() => undefined);
    await pause(TICK_MS);
  }
}

async function closedLoop({ connections }: CheapLoad, endsAt: number, fire: (then: () => void) => void) {
  const again = () => {
    // Not within the callback of the previous response: with a server that refuses immediately, the stack would overflow.
    if (performance.now() < endsAt) setImmediate(() => fire(again));
  };
  for (let lane = 0; lane < connections; lane += 1) fire(again);
  await pause(Math.max(endsAt - performance.now(), 0));
}

interface Noted {
  readonly status: number | undefined;
  readonly retryAfter: string | undefined;
  readonly ms: number;
  readonly sentAt: number;
  readonly inTime: boolean;
}

function note(tally: Tally, { status, retryAfter, ms, sentAt, inTime }: Noted): void {
  if (status !== 200) tally.lastFailureAt = Math.max(tally.lastFailureAt, sentAt);
  if (status === undefined) return void (tally.failed += 1);
  tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1);
  if (status === 200) {
    tally.good.push(ms);
    if (inTime) tally.goodInTime += 1;
  } else if (status === 503) {
    tally.refusals.push(ms);
    if (retryAfter === undefined) tally.withoutRetryAfter += 1;
  }
}

function figuresOf(tally: Tally, seconds: number): CheapFigures {
  const good = Float64Array.from(tally.good).sort();
  const refusals = Float64Array.from(tally.refusals).sort();
  const { sent, statuses, failed, unsent, goodInTime, withoutRetryAfter, lastFailureAt } = tally;
  return {
    sent,
    statuses,
    failed,
    unsent,
    seconds,
    goodInTime,
    lastFailureAt,
    refusalsWithoutRetryAfter: withoutRetryAfter,
    refusalP50Ms: percentile(refusals, 0.5),
    p50Ms: percentile(good, 0.5),
    p99Ms: percentile(good, 0.99),
  };
}
