import type { WaitTotals } from '../../../observe/wait-profile.js';
import { sections, table } from './activity-text.js';
import { type Frame, ProfileBuilder } from './profile-builder.js';

const NANOS_PER_MS = 1_000_000;

/** Something that was waited for: how often and how long. */
export interface Delay {
  /** Innermost first. */
  readonly stack: readonly Frame[];
  readonly count: number;
  readonly totalMs: number;
}

/** Encodes delays for pprof as Go does those of its mutex and block profiles. */
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

/** Turns waits into stacks: what was waited for, then the route that waited. */
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
      'Node has no mutexes between requests. These are the waits inside of the gateway since it started: for permits of',
      'upstreams, for connections to them, for the count of all instances in Redis, for work that another request does.',
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
