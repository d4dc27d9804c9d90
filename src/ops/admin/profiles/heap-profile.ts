import type { HeapProfiler } from 'node:inspector';
import { ProfileBuilder } from './profile-builder.js';
import { type FindSourceMap, SourcePositions } from './source-positions.js';

/** Average bytes between two samples: more when samples of freed objects are kept as well. */
export const HEAP_SAMPLING_BYTES = { inuse_space: 32_768, alloc_space: 262_144 } as const;
/** Maximum number of functions on a page. */
const MAX_ALLOCATORS = 50;

type Node = HeapProfiler.SamplingHeapProfileNode;

/** `inuse_space`: bytes still in use; `alloc_space`: all bytes allocated. */
export type HeapMeasure = 'inuse_space' | 'alloc_space';

/** Encodes a sampling heap profile of V8 for pprof: bytes for each allocating stack. */
export async function encodeHeapProfile(
  { head }: HeapProfiler.SamplingHeapProfile,
  { measure, durationMs }: { readonly measure: HeapMeasure; readonly durationMs: number },
  find: FindSourceMap,
): Promise<Uint8Array> {
  const positions = await SourcePositions.of(urlsBelow(head), find);
  const builder = new ProfileBuilder({
    valueTypes: [[measure, 'bytes']],
    periodType: ['space', 'bytes'],
    period: HEAP_SAMPLING_BYTES[measure],
    durationMs,
    comments: [`Bytes of the JavaScript heap of api-gateway, ${COMMENTS[measure]}.`],
  });
  const locate = (node: Node) => builder.locate(positions.frame(node.callFrame));
  for (const { node, stack } of walk(head, locate)) {
    if (node.selfSize > 0) builder.add(stack, [node.selfSize]);
  }
  return builder.encode();
}

/** A function, and the bytes that it allocated itself. */
export interface Allocator {
  readonly name: string;
  readonly bytes: number;
}

/** Returns the functions that allocated most, the largest first. */
export async function topAllocators(
  { head }: HeapProfiler.SamplingHeapProfile,
  find: FindSourceMap,
): Promise<Allocator[]> {
  const positions = await SourcePositions.of(urlsBelow(head), find);
  const sums = new Map<string, number>();
  const nameOf = ({ callFrame }: Node) => {
    const { name, file, line } = positions.frame(callFrame);
    return file === '' ? name : `${name} ${file}:${line}`;
  };
  for (const { node, stack } of walk(head, nameOf)) {
    const place = stack[0] ?? '';
    if (node.selfSize > 0) sums.set(place, (sums.get(place) ?? 0) + node.selfSize);
  }
  const all = [...sums].map(([name, bytes]) => ({ name, bytes }));
  return all.toSorted((a, b) => b.bytes - a.bytes).slice(0, MAX_ALLOCATORS);
}

const COMMENTS = {
  inuse_space: 'allocated during the measurement and still in use at its end',
  alloc_space: 'allocated during the measurement, including memory freed since',
} as const;

interface Visit<T> {
  readonly node: Node;
  /** Innermost first. */
  readonly stack: readonly T[];
}

/** Visits all nodes but the root. V8's built-in functions, such as `join`, count for their caller and have no frame. */
function* walk<T>(root: Node, locate: (node: Node) => T): Generator<Visit<T>> {
  const pending: Visit<T>[] = root.children.map((node) => ({ node, stack: [] }));
  for (let visit = pending.pop(); visit !== undefined; visit = pending.pop()) {
    const { node, stack: outer } = visit;
    const isBuiltIn = node.callFrame.url === '' && outer.length > 0;
    const stack = isBuiltIn ? outer : [locate(node), ...outer];
    yield { node, stack };
    for (const child of node.children) pending.push({ node: child, stack });
  }
}

function* urlsBelow(root: Node): Generator<string> {
  for (const { node } of walk(root, () => 0)) yield node.callFrame.url;
}
