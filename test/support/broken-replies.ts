import { gzipSync } from 'node:zlib';
import { GRPC_HEADERS, type Http2Reply } from './http2-stub.js';

const MIB = 1_048_576;

/** Headers of 96 KB. */
export const HUGE_HEADERS: Http2Reply = (stream) => {
  const fields = Array.from({ length: 12 }, (_, n): [string, string] => [`x-${n}`, 'a'.repeat(8_000)]);
  stream.respond({ ...GRPC_HEADERS, ...Object.fromEntries(fields) });
};

/** 200 MiB of zeros in about 200 KB: so many members of gzip, one after the other. */
export function gzipBomb(): Buffer {
  return Buffer.concat(Array<Buffer>(200).fill(gzipSync(Buffer.alloc(MIB))));
}
