import type { ShownActivity } from './activity-text.js';
import type { CallInFlight } from './diagnostics.js';
import { type Frame, ProfileBuilder } from './profile-builder.js';

/**
 * Encodes the requests in flight for pprof: the stack of a request is its route, its stage and the RPC that it waits
 * for.
 */
export function encodeActivity({ calls, frames, resources }: ShownActivity): Promise<Uint8Array> {
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
