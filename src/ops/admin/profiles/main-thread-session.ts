import { type HeapProfiler, type Profiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import type { SourceMapPayload } from 'node:module';
import { GatewayError } from '../../../domain/errors.js';
import { DIAGNOSTICS_KEY, type Diagnostics } from './diagnostics.js';
import type { Frame } from './profile-builder.js';
import { type CodePosition, SourcePositions } from './source-positions.js';

/** Time limit of a view or a step of a profile in ms: the main thread only has to finish its current function. */
const STEP_MS = 700;
/** Time limit of the start of a profile in ms: V8 lists all existing code. */
const START_MS = 5_000;
/** Time limit of the end of a heap profile in ms: V8 collects garbage first, and then writes its result. */
const RESULT_MS = 10_000;

/**
 * A session of the inspector from the worker to the main thread (V8 inspector protocol). V8 handles its messages
 * between two steps of JavaScript, so it also works while a loop blocks the main thread; native code that blocks it,
 * such as `execFileSync`, is not interrupted. It never sets a breakpoint and never pauses, so it cannot leave the
 * gateway stopped.
 */
export class MainThreadSession {
  private readonly session = new Session();

  constructor(private readonly gatewayId: string) {
    this.session.connectToMainThread();
  }

  /** Calls a function of {@link Diagnostics} in the main thread. Rejects with MAIN_THREAD_STALLED. */
  async view<K extends keyof Diagnostics>(
    name: K,
    ...args: Parameters<Diagnostics[K]>
  ): Promise<Awaited<ReturnType<Diagnostics[K]>>> {
    const of = `globalThis[Symbol.for(${JSON.stringify(DIAGNOSTICS_KEY)})].get(${JSON.stringify(this.gatewayId)})`;
    const expression = `${of}.${name}(...${JSON.stringify(args)})`;
    const evaluated = this.session.post('Runtime.evaluate', { expression, returnByValue: true, silent: true });
    const { result, exceptionDetails } = await within(evaluated, STEP_MS);
    if (exceptionDetails === undefined) return result.value as Awaited<ReturnType<Diagnostics[K]>>;
    throw new Error(`${name}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
  }

  /** Returns the source map of a script that the main thread compiled itself; undefined when it does not respond. */
  sourceMap(path: string): Promise<SourceMapPayload | undefined> {
    return this.view('sourceMap', path).then(
      (map) => map ?? undefined,
      () => undefined,
    );
  }

  async startCpuProfile(intervalUs: number): Promise<void> {
    await within(this.session.post('Profiler.enable'), START_MS);
    await within(this.session.post('Profiler.setSamplingInterval', { interval: intervalUs }), START_MS);
    await within(this.session.post('Profiler.start'), START_MS);
    await this.recompile();
  }

  /**
   * Makes V8 discard optimized code, a side effect of starting precise coverage. The profiler does not know code that
   * was optimized before it began and counts its time for the caller: hot functions would be missing.
   */
  private async recompile(): Promise<void> {
    const coverage = { callCount: true, detailed: false };
    await within(this.session.post('Profiler.startPreciseCoverage', coverage), START_MS);
    await within(this.session.post('Profiler.stopPreciseCoverage'), START_MS);
  }

  async stopCpuProfile(): Promise<Profiler.Profile> {
    return (await within(this.session.post('Profiler.stop'), RESULT_MS)).profile;
  }

  /**
   * Starts a sampling heap profile.
   * @param withFreed includes objects that are freed before the end.
   */
  async startHeapProfile(samplingInterval: number, withFreed: boolean): Promise<void> {
    const parameters = {
      samplingInterval,
      includeObjectsCollectedByMajorGC: withFreed,
      includeObjectsCollectedByMinorGC: withFreed,
    };
    await within(this.session.post('HeapProfiler.startSampling', parameters), START_MS);
  }

  async stopHeapProfile(): Promise<HeapProfiler.SamplingHeapProfile> {
    return (await within(this.session.post('HeapProfiler.stopSampling'), RESULT_MS)).profile;
  }

  /**
   * Makes V8 stop the thread and write the whole heap.
   * @param take receives it piece by piece.
   */
  async heapSnapshot(take: (chunk: Buffer) => void): Promise<void> {
    this.session.on('HeapProfiler.addHeapSnapshotChunk', ({ params }) => take(Buffer.from(params.chunk)));
    await this.session.post('HeapProfiler.takeHeapSnapshot', { reportProgress: false });
  }

  /** Ends the session and its profiles. */
  close(): void {
    this.session.disconnect();
  }
}

/** Returns a stack mapped to the sources. */
export async function framesOf(stack: readonly CodePosition[], session: MainThreadSession): Promise<Frame[]> {
  const positions = await SourcePositions.of(
    stack.map(({ url }) => url),
    (path) => session.sourceMap(path),
  );
  return stack.map((position) => positions.frame(position));
}

/** Rejects with MAIN_THREAD_STALLED when there is no reply in time. */
async function within<T>(answer: Promise<T>, limitMs: number): Promise<T> {
  const { promise: timeout, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(stalled(limitMs)), limitMs);
  try {
    return await Promise.race([answer, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

function stalled(limitMs: number): GatewayError {
  return new GatewayError(
    'MAIN_THREAD_STALLED',
    `The main thread did not handle messages of the inspector within ${limitMs} ms: it is in native code, such as a synchronous call of the file system, of a child process or of a cipher.`,
  );
}
