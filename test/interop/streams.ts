import { many, outcomeOf, type Row, rowOf, type Subject, until } from './check.js';

/** Returns `all` when these are all messages of a stream, in order. */
function inOrder(messages: readonly Buffer[], count: number): string {
  const numbers = messages.map((message) => Number(message.toString('latin1', 0, 8)));
  return numbers.length === count && numbers.every((number, n) => number === n) ? 'all' : numbers.join();
}

export async function streams(subject: Subject): Promise<Row[]> {
  const all = async (count: number, bytes: number, ms = 0): Promise<string> =>
    inOrder(await subject.stream({ count, bytes, ms }), count);
  const broken = outcomeOf(subject.stream({ count: 3, code: 5, message: 'gone' }));
  return [
    rowOf('an empty stream', 'all', [await all(0, 0)]),
    rowOf('20 streams of 500 messages', 'all', await many(20, 20, () => all(500, 64))),
    rowOf('5 streams of 20 messages of 200 KB', 'all', await many(5, 5, () => all(20, 200_000))),
    rowOf('5 slow streams', 'all', await many(5, 5, () => all(10, 8, 10))),
    rowOf('a stream that ends with NOT_FOUND', 'NOT_FOUND NOT_FOUND app', [await broken]),
  ];
}

/** Calls and streams that are given up end at the backend. */
export async function cancels(subject: Subject): Promise<Row[]> {
  const before = (await subject.counters()).cancelled;
  const controller = new AbortController();
  const { signal } = controller;
  const calls = many(50, 50, () => outcomeOf(subject.unary('Sleep', { ms: 9_000 }, { signal })));
  const opened = many(50, 50, () => outcomeOf(subject.stream({ count: 100, ms: 500 }, { signal })));
  const arrived = await until(async () => (await subject.counters()).active === 100);
  controller.abort();
  const outcomes = [...(await calls), ...(await opened)];
  const gone = await until(async () => (await subject.counters()).active === 0);
  const cancelled = (await subject.counters()).cancelled - before;
  return [
    rowOf('100 calls and streams arrive', 'true', [String(arrived)]),
    rowOf('and are given up', 'CLIENT_CLOSED CANCELLED local', outcomes),
    rowOf('which ends them at the backend', 'true 100', [`${gone} ${cancelled}`]),
  ];
}
