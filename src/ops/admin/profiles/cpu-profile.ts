import type { Profiler } from 'node:inspector';
import { ProfileBuilder } from './profile-builder.js';
import { type FindSourceMap, SourcePositions } from './source-positions.js';

/** Interval between two samples, unless there would be too many. */
const SAMPLING_INTERVAL_US = 1_000;
const MAX_SAMPLES = 60_000;
const NANOS_PER_US = 1_000;
const MICROS_PER_MS = 1_000;
/** V8's name for a thread that waits for work, which is not CPU time. */
const IDLE = '(idle)';

type Node = Profiler.ProfileNode;

/** Returns the interval between two samples of a profile in µs. */
export function samplingIntervalUs(seconds: number): number {
  return Math.max(SAMPLING_INTERVAL_US, Math.ceil((seconds * 1_000_000) / MAX_SAMPLES));
}

/** Encodes a CPU profile of V8 for pprof: for each stack its samples and its time on the CPU. */
export async function encodeCpuProfile(profile: Profiler.Profile, find: FindSourceMap): Promise<Uint8Array> {
  const positions = await positionsOf(profile, find);
  const builder = new ProfileBuilder({
    valueTypes: [
      ['samples', 'count'],
      ['cpu', 'nanoseconds'],
    ],
    periodType: ['cpu', 'nanoseconds'],
    period: SAMPLING_INTERVAL_US * NANOS_PER_US,
    durationMs: (profile.endTime - profile.startTime) / MICROS_PER_MS,
    comments: ['CPU profile of the main thread of api-gateway; time without work is left out.'],
  });
  const times = timeByNode(profile);
  const locate = ({ callFrame }: Node, line?: number) => builder.locate(positions.frame(callFrame, line));
  for (const { node, hitCount, stack } of walk(profile.nodes)) {
    const [inner, ...outer] = stack;
    if (inner === undefined || node.callFrame.functionName === IDLE) continue;
    const callers = outer.map((caller) => locate(caller));
    const nanosPerHit = ((times.get(node.id) ?? 0) * NANOS_PER_US) / hitCount;
    for (const [line, ticks] of linesOf(node, hitCount)) {
      // For built-in functions only the caller is known, without its line.
      const location = locate(inner, inner === node ? line : undefined);
      builder.add([location, ...callers], [ticks, ticks * nanosPerHit]);
    }
  }
  return builder.encode();
}

/** Returns the same profile with positions in the sources, for DevTools and speedscope. */
export async function mapCpuProfile(profile: Profiler.Profile, find: FindSourceMap): Promise<Profiler.Profile> {
  const positions = await positionsOf(profile, find);
  const nodes = profile.nodes.map((node) => {
    const { file, startLine } = positions.frame(node.callFrame);
    const callFrame = { ...node.callFrame, url: file, lineNumber: startLine - 1, columnNumber: 0 };
    const ticks = node.positionTicks?.map(({ line, ticks }) => ({
      line: positions.frame(node.callFrame, line).line,
      ticks,
    }));
    return { ...node, callFrame, ...(ticks === undefined ? {} : { positionTicks: ticks }) };
  });
  return { ...profile, nodes };
}

interface Visit {
  readonly node: Node;
  readonly hitCount: number;
  /** Innermost first, without the root of V8's tree. */
  readonly stack: readonly Node[];
}

/**
 * Visits the nodes with samples. V8's built-in functions, such as `JSON.parse`, count for their caller and have no
 * frame.
 */
function* walk(nodes: readonly Node[]): Generator<Visit> {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const childrenOf = ({ children = [] }: Node) => children.flatMap((id) => byId.get(id) ?? []);
  const [root] = nodes;
  const pending = root === undefined ? [] : childrenOf(root).map((node) => ({ node, outer: [] as readonly Node[] }));
  for (let visit = pending.pop(); visit !== undefined; visit = pending.pop()) {
    const { node, outer } = visit;
    const isBuiltIn = node.callFrame.url === '' && outer.length > 0;
    const stack = isBuiltIn ? outer : [node, ...outer];
    const { hitCount = 0 } = node;
    if (hitCount > 0) yield { node, hitCount, stack };
    for (const child of childrenOf(node)) pending.push({ node: child, outer: stack });
  }
}

function positionsOf({ nodes }: Profiler.Profile, find: FindSourceMap): Promise<SourcePositions> {
  return SourcePositions.of(
    nodes.map(({ callFrame }) => callFrame.url),
    find,
  );
}

/** Returns the time of each node in µs. Samples arrive late while the machine is busy. */
function timeByNode({ samples = [], timeDeltas = [] }: Profiler.Profile): Map<number, number> {
  const times = new Map<number, number>();
  samples.forEach((id, index) => {
    // The time until the next sample was spent in this one.
    times.set(id, (times.get(id) ?? 0) + Math.max(timeDeltas[index + 1] ?? SAMPLING_INTERVAL_US, 0));
  });
  return times;
}

/** Returns the ticks of each line; those without a line are under undefined. */
function linesOf({ positionTicks = [] }: Node, hitCount: number): [line: number | undefined, ticks: number][] {
  const lines = positionTicks.map(({ line, ticks }): [number | undefined, number] => [line, ticks]);
  const rest = hitCount - lines.reduce((sum, [, ticks]) => sum + ticks, 0);
  return rest > 0 ? [...lines, [undefined, rest]] : lines;
}
