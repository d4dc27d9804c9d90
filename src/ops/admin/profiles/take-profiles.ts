import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { type AdminResponse, file, text } from '../admin-response.js';
import type { AdminCall } from '../admin-route.js';
import { encodeCpuProfile, mapCpuProfile, samplingIntervalUs } from './cpu-profile.js';
import {
  encodeHeapProfile,
  HEAP_SAMPLING_BYTES,
  type HeapMeasure,
  topAllocators,
  type Allocator,
} from './heap-profile.js';
import type { MainThreadSession } from './main-thread-session.js';
import { sections, table } from './activity-text.js';
import type { MemoryUse } from './diagnostics.js';

/**
 * Maximum duration of a measurement, in seconds: the default patience of pprof clients, and less than a deployment
 * waits for one pod.
 */
const MAX_SECONDS = 120;

/** The query parameter `seconds`. */
export const seconds = z
  .string()
  .regex(/^\d{1,6}$/, `must be a whole number of seconds from 1 to ${MAX_SECONDS}`)
  .transform(Number)
  .refine((value) => value >= 1 && value <= MAX_SECONDS, `must be a whole number of seconds from 1 to ${MAX_SECONDS}`);

const CPU_SECONDS = 30;
const HEAP_SECONDS = 10;
/** Default duration of text pages, which people wait for. */
const TEXT_SECONDS = 2;

/** Parameters of `profile`. */
export const cpuQuery = z.strictObject({
  seconds: seconds.default(CPU_SECONDS),
  format: z.enum(['pprof', 'cpuprofile']).default('pprof'),
});

/** Parameters of `heap` and `allocs`. */
export const heapQuery = z.strictObject({
  seconds: seconds.optional(),
  debug: z.enum(['0', '1']).default('0'),
  format: z.enum(['pprof', 'heapprofile']).default('pprof'),
  /** Accepted for compatibility with Go: V8 always collects garbage before it writes a heap profile. */
  gc: z.enum(['0', '1']).optional(),
});

/** Takes a CPU profile of the main thread. */
export async function takeCpuProfile(call: AdminCall): Promise<AdminResponse> {
  const { seconds: time, format } = call.query as z.output<typeof cpuQuery>;
  return alone(call, '/debug/pprof/profile', async (session) => {
    await session.startCpuProfile(samplingIntervalUs(time));
    await wait(time * 1_000, undefined, { signal: call.signal });
    const profile = await session.stopCpuProfile();
    const find = (path: string) => session.sourceMap(path);
    if (format === 'pprof') return file('profile.pb.gz', await encodeCpuProfile(profile, find));
    return file('api-gateway.cpuprofile', Buffer.from(JSON.stringify(await mapCpuProfile(profile, find))));
  });
}

/** Takes a heap profile of the main thread, of allocations from now on. */
export function takeHeapProfile(measure: HeapMeasure): (call: AdminCall) => Promise<AdminResponse> {
  const path = measure === 'inuse_space' ? '/debug/pprof/heap' : '/debug/pprof/allocs';
  return (call) => {
    const query = call.query as z.output<typeof heapQuery>;
    const time = heapSeconds(query);
    return alone(call, path, async (session) => {
      await session.startHeapProfile(HEAP_SAMPLING_BYTES[measure], measure === 'alloc_space');
      await wait(time * 1_000, undefined, { signal: call.signal });
      const profile = await session.stopHeapProfile();
      const find = (script: string) => session.sourceMap(script);
      if (query.debug === '1') {
        return text(
          memoryText(await session.view('memory'), { measure, seconds: time, top: await topAllocators(profile, find) }),
        );
      }
      if (query.format === 'heapprofile') return file('api-gateway.heapprofile', Buffer.from(JSON.stringify(profile)));
      return file(`${measure}.pb.gz`, await encodeHeapProfile(profile, { measure, durationMs: time * 1_000 }, find));
    });
  };
}

/** Returns the duration of a heap profile in seconds. */
export function heapSeconds({
  seconds: time,
  debug,
}: {
  readonly seconds?: unknown;
  readonly debug?: unknown;
}): number {
  if (typeof time === 'number') return time;
  return debug === '1' ? TEXT_SECONDS : HEAP_SECONDS;
}

/** Runs one measurement at a time. The session ends with its caller, and V8 ends the profile with the session. */
function alone<T>(call: AdminCall, profile: string, work: (session: MainThreadSession) => Promise<T>): Promise<T> {
  const { inspection } = call.main;
  const { caller, requestId } = call;
  return inspection.slot.run({ profile, caller, requestId }, () => inspection.ask(work));
}

const MIB = 1_048_576;

/** Renders `heap?debug=1` and `allocs?debug=1`. */
function memoryText(
  memory: MemoryUse,
  {
    measure,
    seconds,
    top,
  }: { readonly measure: HeapMeasure; readonly seconds: number; readonly top: readonly Allocator[] },
): string {
  const { rss, heapTotal, heapUsed, heapLimit, external, arrayBuffers, spaces } = memory;
  const what = measure === 'inuse_space' ? 'and not freed until its end' : 'and perhaps freed since';
  return sections(
    table(
      'memory of the process',
      ['MiB', 'of'],
      Object.entries({ rss, heapTotal, heapUsed, heapLimit, external, arrayBuffers }).map(([name, bytes]) => [
        mib(bytes),
        name,
      ]),
    ),
    table(
      'used bytes of each heap space',
      ['MiB', 'space'],
      Object.entries(spaces).map(([name, bytes]) => [mib(bytes), name]),
    ),
    table(
      `allocated within ${seconds} s ${what}: an estimate from samples`,
      ['MiB', 'function'],
      top.map(({ name, bytes }) => [mib(bytes), name]),
    ),
  );
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(2);
}
