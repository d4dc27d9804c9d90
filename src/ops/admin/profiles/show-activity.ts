import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type AdminResponse, file, text } from '../admin-response.js';
import type { AdminCall } from '../admin-route.js';
import { activityListing, activitySummary, type ShownActivity } from './activity-text.js';
import { framesOf, type MainThreadSession } from './main-thread-session.js';
import type { CallInFlight } from './diagnostics.js';
import { type Frame, ProfileBuilder } from './profile-builder.js';

/** Parameters of `goroutine`. */
export const activityQuery = z.strictObject({ debug: z.enum(['0', '1', '2']).default('0') });

/** Shows what the gateway is doing, even while its main thread is blocked in JavaScript. */
export async function showActivity({ main, query }: AdminCall): Promise<AdminResponse> {
  const { debug } = query as z.output<typeof activityQuery>;
  const shown = main.inspection.ask(readActivity);
  if (debug === '0') return file('goroutine.pb.gz', await encodeActivity(await shown));
  const render = debug === '1' ? activitySummary : activityListing;
  return text(await shown.then(render, unreachable));
}

async function readActivity(session: MainThreadSession): Promise<ShownActivity> {
  const activity = await session.view('activity');
  return { ...activity, frames: await framesOf(activity.stack, session) };
}

/** Describes a thread that does not respond, as far as it is visible from outside. Rethrows other errors. */
async function unreachable(error: unknown): Promise<string> {
  if (!(error instanceof Error) || !('code' in error) || error.code !== 'MAIN_THREAD_STALLED') throw error;
  return [
    'main thread: in native code, which the inspector cannot interrupt; its stack and its requests cannot be read now',
    `    ${error.message}`,
    `    the kernel says: ${await kernelState()}`,
    '',
  ].join('\n');
}

/** Returns Linux's view of the main thread (proc_pid_stat(5), proc_pid_wchan(5)). */
async function kernelState(): Promise<string> {
  const folder = `/proc/self/task/${process.pid}`;
  const [stat, place] = await Promise.all([readOrEmpty(`${folder}/stat`), readOrEmpty(`${folder}/wchan`)]);
  const state = STATES[stat.replace(/^.*\) /s, '').charAt(0)] ?? 'nothing';
  return place === '' || place === '0' ? state : `${state} in ${place}`;
}

const STATES: Readonly<Record<string, string>> = {
  R: 'running on a CPU',
  S: 'sleeping',
  D: 'waiting for a disk',
  T: 'stopped by a signal',
  t: 'stopped by a debugger',
};

function readOrEmpty(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}

/**
 * Encodes the requests in flight for pprof: the stack of a request is its route, its stage and the RPC that it waits
 * for.
 */
function encodeActivity({ calls, frames, resources }: ShownActivity): Promise<Uint8Array> {
  const builder = new ProfileBuilder({
    valueTypes: [['goroutine', 'count']],
    periodType: ['goroutine', 'count'],
    period: 1,
    durationMs: 0,
    comments: ['Requests in flight, active handles and the stack of the main thread of api-gateway.'],
  });
  const add = (stack: readonly Frame[], count: number) =>
    builder.add(
      stack.map((frame) => builder.locate(frame)),
      [count],
    );
  for (const [, members] of Map.groupBy(calls, ({ route, stage, rpc }) => `${stage} ${rpc} ${route}`)) {
    const [call] = members;
    if (call !== undefined) add(stackOf(call), members.length);
  }
  for (const [kind, count] of Object.entries(resources)) add([named(kind), named('handles and timers')], count);
  if (frames.length > 0) add([...frames, named('main thread')], 1);
  return builder.encode();
}

function stackOf({ route, stage, upstream, rpc }: CallInFlight): Frame[] {
  const calls = [named(`stage ${stage}`), named(`route ${route}`), named('requests in flight')];
  return rpc === '' ? calls : [named(`upstream ${upstream} ${rpc}`), ...calls];
}

function named(name: string): Frame {
  return { name, file: '', startLine: 0, line: 0 };
}
