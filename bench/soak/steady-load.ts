import { Agent, request } from 'node:http';
import { Agent as TlsAgent, request as requestByTls } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { percentile } from '../harness/statistics.js';

const TICK_MS = 5;
const ANSWER_WITHIN_MS = 40_000;

/** One request of a load. */
export interface Shot {
  readonly url: string;
  readonly method?: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** What to send, how often and for how long. */
export interface SteadyLoad {
  /** Requests a second, whatever becomes of those before. */
  readonly rate: number;
  readonly seconds: number;
  /** Maximum number of concurrent requests; one beyond it is counted and not sent. 1,000 by default. */
  readonly maxOpen?: number;
  /** The request of that number. */
  readonly shot: (index: number) => Shot;
  /** Told of each answer as it ends. */
  readonly onAnswer?: (answer: SeenAnswer) => void;
}

/** What became of one request. */
export interface SeenAnswer {
  readonly index: number;
  /** Undefined: there was no answer. */
  readonly status: number | undefined;
  readonly ms: number;
  /** The Retry-After header, where there is one. */
  readonly retryAfter?: string | undefined;
}

/** What came of it. */
export interface LoadFigures {
  readonly sent: number;
  readonly statuses: ReadonlyMap<number, number>;
  /** Requests that got no answer. */
  readonly failed: number;
  /** Requests that were not sent because too many were open. */
  readonly unsent: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

interface Tally {
  readonly onAnswer: (answer: SeenAnswer) => void;
  readonly latencies: number[];
  readonly statuses: Map<number, number>;
  open: number;
  failed: number;
  unsent: number;
}

/** How many were answered with a status. */
export const countOf = ({ statuses }: LoadFigures, status: number): number => statuses.get(status) ?? 0;

/** All statuses with their counts, as text. */
export function describeStatuses({ statuses, failed, unsent }: LoadFigures): string {
  const parts = [...statuses].toSorted(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
  if (failed > 0) parts.push(`no answer: ${failed}`);
  if (unsent > 0) parts.push(`not sent: ${unsent}`);
  return parts.join(', ');
}

/** Certificates are not verified: they are those of the tests. */
interface Agents {
  readonly plain: Agent;
  readonly tls: TlsAgent;
}

function send(
  index: number,
  { url, method = 'GET', headers, body }: Shot,
  agents: Agents,
  tally: Tally,
): Promise<void> {
  const startedAt = performance.now();
  tally.open += 1;
  return new Promise((resolve) => {
    const settle = (status?: number, retryAfter?: string) => {
      tally.open -= 1;
      if (status === undefined) tally.failed += 1;
      else {
        tally.latencies.push(performance.now() - startedAt);
        tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1);
      }
      tally.onAnswer({ index, status, ms: performance.now() - startedAt, retryAfter });
      resolve();
    };
    const isTls = url.startsWith('https:');
    const agent = isTls ? agents.tls : agents.plain;
    const options = { method, headers, agent, timeout: ANSWER_WITHIN_MS };
    const outgoing = (isTls ? requestByTls : request)(url, options, (response) => {
      const retryAfter = response.headers['retry-after'];
      response.once('end', () => settle(response.statusCode, retryAfter)).once('error', () => settle());
      response.resume();
    });
    outgoing.once('timeout', () => outgoing.destroy());
    outgoing.once('error', () => settle());
    outgoing.end(body);
  });
}

/** Sends at a steady rate (open loop: a slow answer does not slow the sender) and waits for all answers. */
export async function steadyLoad(load: SteadyLoad): Promise<LoadFigures> {
  const { rate, seconds, maxOpen = 1_000, shot, onAnswer = () => undefined } = load;
  const limits = { keepAlive: true, maxSockets: maxOpen };
  const agents = { plain: new Agent(limits), tls: new TlsAgent({ ...limits, rejectUnauthorized: false }) };
  const tally: Tally = { onAnswer, latencies: [], statuses: new Map(), open: 0, failed: 0, unsent: 0 };
  const total = Math.round(rate * seconds);
  const answers = new Set<Promise<void>>();
  const startedAt = performance.now();
  for (let index = 0; index < total;) {
    const due = Math.min(total, Math.ceil(((performance.now() - startedAt) / 1000) * rate));
    for (; index < due; index += 1) {
      if (tally.open >= maxOpen) {
        tally.unsent += 1;
        continue;
      }
      const answer = send(index, shot(index), agents, tally).finally(() => answers.delete(answer));
      answers.add(answer);
    }
    await pause(TICK_MS);
  }
  await Promise.all(answers);
  agents.plain.destroy();
  agents.tls.destroy();
  const sorted = Float64Array.from(tally.latencies).sort();
  const { statuses, failed, unsent } = tally;
  const [p50Ms, p99Ms] = [percentile(sorted, 0.5), percentile(sorted, 0.99)];
  return { sent: total - unsent, statuses, failed, unsent, p50Ms, p99Ms };
}
