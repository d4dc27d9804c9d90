import { sections, table } from './activity-text.js';
import type { MemoryUse } from './diagnostics.js';
import type { Allocator, HeapMeasure } from './heap-profile.js';

const MIB = 1_048_576;

/** Renders `heap?debug=1` and `allocs?debug=1`. */
export function memoryText(
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
