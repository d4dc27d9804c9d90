import { many, outcomeOf, type Row, rowOf, type Subject } from './check.js';

const TIMEOUT = 'UPSTREAM_TIMEOUT DEADLINE_EXCEEDED local';
/** A backend that keeps the deadline may tell of it before the gateway's own clock does. */
const TIMEOUTS = [TIMEOUT, 'UPSTREAM_TIMEOUT DEADLINE_EXCEEDED app'];

/** From 20 to 69 ms. */
const shortDeadline = (n: number): { deadlineAt: number; hasClientDeadline: true } => ({
  deadlineAt: performance.now() + 20 + (n % 50),
  hasClientDeadline: true,
});

function asTimeout(outcome: string): string {
  return TIMEOUTS.includes(outcome) ? TIMEOUT : outcome;
}

/** Calls and streams whose deadline comes before their answer: none of them may be taken for a fault. */
export async function deadlines(subject: Subject): Promise<Row[]> {
  const kept = await many(150, 10, (n) => outcomeOf(subject.unary('Sleep', { ms: 2_000 }, shortDeadline(n))));
  const alone = await many(30, 1, (n) => outcomeOf(subject.unary('Sleep', { ms: 2_000 }, shortDeadline(n))));
  const ignored = await many(50, 10, (n) => outcomeOf(subject.unary('Stubborn', { ms: 150 }, shortDeadline(n))));
  const streams = await many(150, 10, (n) => outcomeOf(subject.stream({ count: 100, ms: 15 }, shortDeadline(n))));
  const row = (what: string, outcomes: readonly string[]): Row => rowOf(what, TIMEOUT, outcomes.map(asTimeout));
  return [
    row('150 deadlines of calls', kept),
    row('30 deadlines, one after the other', alone),
    row('50 deadlines that the handler ignores', ignored),
    row('150 deadlines of streams', streams),
    rowOf('complaints about pings', '0', [String(subject.pings)]),
    rowOf('a call after them', 'OK', [await outcomeOf(subject.unary('Echo'))]),
  ];
}
