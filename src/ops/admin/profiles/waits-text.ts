import type { WaitTotals } from '../../../observe/wait-profile.js';
import { sections, table } from './activity-text.js';
import { type Frame, ProfileBuilder } from './profile-builder.js';

const NANOS_PER_MS = 1_000_000;

/** Waits for one thing: their number and duration. */
export interface Delay {
  /** Innermost first. */
  readonly stack: readonly Frame[];
  readonly count: number;
  readonly totalMs: number;
}

/** Encodes delays for pprof, like Go's mutex and block profiles. */
export function encodeDelays(
  delays: readonly Delay[],
  { durationMs, comment }: { durationMs: number; comment: string },
): Promise<Uint8Array> {
  const builder = new ProfileBuilder({
    valueTypes: [
      ['contentions', 'count'],
      ['delay', 'nanoseconds'],
    ],
    periodType: ['contentions', 'count'],
    period: 1,
    durationMs,
    comments: [comment],
  });
  for (const { stack, count, totalMs } of delays) {
    builder.add(
      stack.map((frame) => builder.locate(frame)),
      [count, totalMs * NANOS_PER_MS],
    );
  }
  return builder.encode();
}

/** Converts waits to stacks: the subject of the wait, then the route that waited. */
export function delaysOf(waits: readonly WaitTotals[]): Delay[] {
  return waits.map(({ kind, of, route, count, totalMs }) => ({
    stack: [`${kind} ${of}`, ...(route === '' ? [] : [`route ${route}`])].map((name) => ({
      name,
      file: '',
      startLine: 0,
      line: 0,
    })),
    count,
    totalMs,
  }));
}

/** Renders `mutex?debug=1`. */
export function waitsText(waits: readonly WaitTotals[]): string {
  const sorted = waits.toSorted((a, b) => b.totalMs - a.totalMs);
  return sections(
    [
      'Node has no mutexes between requests. These are the waits inside the gateway since its start: for permits of',
      'upstreams, for connections to them, for the shared rate limits in Redis, and for work of another request.',
    ],
    table(
      'waits',
      ['total', 'count', 'longest', 'for', 'route'],
      sorted.map((each) => [
        ms(each.totalMs),
        `${each.count}`,
        ms(each.maxMs),
        `${each.kind} ${each.of}`,
        each.route || '-',
      ]),
    ),
  );
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`;
}
