import { join } from 'node:path';

/** Root of the repository. */
export const ROOT = join(import.meta.dirname, '../..');
export const PROTO_ROOT = join(ROOT, 'proto');
/** Everything the benchmark builds; not committed. */
export const CACHE = join(ROOT, '.cache/bench');
export const PEERS = join(ROOT, 'bench/peers');
