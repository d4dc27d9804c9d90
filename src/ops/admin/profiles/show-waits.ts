import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { type AdminResponse, file, json, text } from '../admin-response.js';
import type { AdminCall } from '../admin-route.js';
import { sections, table } from './activity-text.js';
import type { Inspection } from './inspection.js';
import type { LoopWatch } from './loop-watch.js';
import { framesOf } from './main-thread-session.js';
import type { Frame } from './profile-builder.js';
import { seconds } from './take-profiles.js';
import { delaysOf, encodeDelays, waitsText } from './waits-text.js';

const WATCH_SECONDS = 5;
const MICROS_PER_MS = 1_000;
const PERCENTILES = [50, 90, 99, 99.9, 100];

/** Parameters of `mutex`. */
export const waitsQuery = z.strictObject({ debug: z.enum(['0', '1']).default('0') });
/** Parameters of `block`. */
export const blockQuery = waitsQuery.extend({ seconds: seconds.optional() });
/** Parameters of `/debug/eventloop`. */
export const loopQuery = z.strictObject({ seconds: seconds.default(WATCH_SECONDS) });

/** Shows what requests waited for inside the gateway. */
export async function showWaits({ main, query }: AdminCall): Promise<AdminResponse> {
  const waits = await main.inspection.ask((session) => session.view('waits'));
  if ((query as z.output<typeof waitsQuery>).debug === '1') return text(waitsText(waits));
  const comment = 'Waits inside api-gateway since its start.';
  return file('mutex.pb.gz', await encodeDelays(delaysOf(waits), { durationMs: 0, comment }));
}

/** Shows what blocked the event loop. */
export async function showBlocks({ main, query, signal }: AdminCall): Promise<AdminResponse> {
  const { debug, seconds: time } = query as z.output<typeof blockQuery>;
  return watching(main.inspection, { seconds: time, signal }, async (watch) => {
    if (debug === '1') return text(await blocksText(watch, main.inspection));
    const kinds = [...watch.byStack()];
    const stacks = await framesOfAll(
      kinds.map(({ stack }) => stack),
      main.inspection,
    );
    const delays = kinds.map(({ count, totalMs }, index) => ({ stack: stacks[index] ?? [], count, totalMs }));
    const comment = 'Periods in which the event loop of the main thread of api-gateway handled no event.';
    return file(
      'block.pb.gz',
      await encodeDelays(delays, { durationMs: performance.now() - watch.startedAt, comment }),
    );
  });
}

/** Shows delay and utilization of the event loop. */
export async function showLoop({ main, query, signal }: AdminCall): Promise<AdminResponse> {
  const { seconds: time } = query as z.output<typeof loopQuery>;
  const utilization = () => main.inspection.ask((session) => session.view('utilization')).catch(() => undefined);
  const before = await utilization();
  return watching(main.inspection, { seconds: time, signal }, async (watch) => {
    const after = await utilization();
    const active = (after?.active ?? 0) - (before?.active ?? 0);
    const idle = (after?.idle ?? 0) - (before?.idle ?? 0);
    const stacks = await framesOfAll(
      watch.blocks.map(({ stack }) => stack),
      main.inspection,
    );
    return json({
      seconds: time,
      delay_ms: delayMs(watch),
      utilization: before === undefined || after === undefined ? null : round(active / (active + idle)),
      blocks: watch.blocks.map(({ since, ms }, index) => ({
        since: since.toISOString(),
        ms: round(ms),
        stack: stacks[index]?.map(placeOf) ?? [],
      })),
    });
  });
}

/** Uses the watch that runs since the start, or one for some seconds. */
async function watching<T>(
  inspection: Inspection,
  { seconds: time, signal }: { readonly seconds: number | undefined; readonly signal: AbortSignal },
  use: (watch: LoopWatch) => Promise<T>,
): Promise<T> {
  if (inspection.watch !== undefined && time === undefined) return use(inspection.watch);
  const watch = inspection.watchLoop();
  try {
    await wait((time ?? WATCH_SECONDS) * 1_000, undefined, { signal });
    return await use(watch);
  } finally {
    watch.close();
  }
}

async function blocksText(watch: LoopWatch, inspection: Inspection): Promise<string> {
  const { blocks } = watch;
  const stacks = await framesOfAll(
    blocks.map(({ stack }) => stack),
    inspection,
  );
  const spans = ((performance.now() - watch.startedAt) / 1_000).toFixed(0);
  const isOn = inspection.watch === watch;
  return sections(
    [
      'Node blocks while one function occupies the event loop: nothing else runs meanwhile. This shows how late the loop was, and what ran.',
      `watched for ${spans} s${isOn ? ' (GATEWAY_PPROF_BLOCK_RATE is on)' : '; GATEWAY_PPROF_BLOCK_RATE=1 watches since the start'}`,
    ],
    table(
      'delay of the event loop',
      ['ms', 'percentile'],
      Object.entries(delayMs(watch)).map(([name, ms]) => [ms.toFixed(1), name]),
    ),
    [
      'longest blocks',
      ...(blocks.length === 0 ? ['  none'] : []),
      ...blocks.flatMap(({ since, ms }, index) => [
        `  ${ms.toFixed(0)} ms since ${since.toISOString()}`,
        ...linesOf(stacks[index] ?? []),
      ]),
    ],
  );
}

function linesOf(stack: readonly Frame[]): string[] {
  return stack.length === 0
    ? ['    no stack: native code, or a block that was not sampled']
    : stack.map((frame) => `    ${placeOf(frame)}`);
}

function placeOf({ name, file: path, line }: Frame): string {
  return path === '' ? name : `${name} ${path}:${line}`;
}

function delayMs({ delays }: LoopWatch): Record<string, number> {
  const values = PERCENTILES.map((percent) => [percent === 100 ? 'max' : `p${percent}`, percent] as const);
  return Object.fromEntries(
    values.map(([name, percent]) => [name, delays.count === 0 ? 0 : round(delays.percentile(percent) / MICROS_PER_MS)]),
  );
}

/** Maps stacks to the sources. Stacks of native code get one frame that says so. */
async function framesOfAll(
  stacks: readonly Parameters<typeof framesOf>[0][],
  inspection: Inspection,
): Promise<(readonly Frame[])[]> {
  return inspection.ask(async (session) => {
    const frames = [];
    for (const stack of stacks) frames.push(stack.length === 0 ? [NATIVE] : await framesOf(stack, session));
    return frames;
  });
}

const NATIVE: Frame = { name: 'native code, or not sampled', file: '', startLine: 0, line: 0 };

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
