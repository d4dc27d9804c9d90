import { gzipSync } from 'node:zlib';
import { GRPC_HEADERS, frame, type Http2Reply } from './http2-stub.js';

const MIB = 1_048_576;

/** How much of an answer came before the stream was reset. */
export type Progress = 'before headers' | 'after headers' | 'in a message';

/** RST_STREAM with a code. */
export function reset(code: number, progress: Progress = 'before headers'): Http2Reply {
  return (stream) => {
    const rst = (): void => {
      stream.close(code);
      stream.destroy();
    };
    if (progress === 'before headers') return rst();
    stream.respond(GRPC_HEADERS);
    stream.write(progress === 'after headers' ? Buffer.alloc(1) : frame(Buffer.from('half'), { length: 100 }), rst);
  };
}

/** GOAWAY while calls are in flight, and the end of the connection with it. */
export function goAway(code: number, data = ''): Http2Reply {
  return ({ session }) => {
    session?.goaway(code, 0, Buffer.from(data));
    session?.destroy(undefined, code);
  };
}

/** Headers of 96 KB. */
export const HUGE_HEADERS: Http2Reply = (stream) => {
  const fields = Array.from({ length: 12 }, (_, n): [string, string] => [`x-${n}`, 'a'.repeat(8_000)]);
  stream.respond({ ...GRPC_HEADERS, ...Object.fromEntries(fields) });
};

/** 200 MiB of zeros in about 200 KB: so many members of gzip, one after the other. */
export function gzipBomb(): Buffer {
  return Buffer.concat(Array<Buffer>(200).fill(gzipSync(Buffer.alloc(MIB))));
}
