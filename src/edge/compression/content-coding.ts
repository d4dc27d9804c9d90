import {
  brotliCompress,
  type BrotliOptions,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  gzip,
  zstdCompress,
} from 'node:zlib';
import type { Transform } from 'node:stream';
import type { ContentCoding } from '../../config/http-config.js';

type Done = (error: Error | null, compressed: Buffer) => void;

/**
 * How responses are encoded (RFC 9110 8.4.1). The compression levels cost about as much CPU time as writing the JSON.
 */
interface Encoder {
  readonly compress: (body: Buffer, done: Done) => void;
  /** Returns an encoder that flushes after each input, so that no message waits for the next one. */
  readonly stream: () => Transform;
}

const GZIP = { level: 4 };
const BROTLI: BrotliOptions = {
  params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 18 },
};
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_windowLog]: 18 } };

/** Encoders by the registered name of their coding. */
export const ENCODERS: Readonly<Record<ContentCoding, Encoder>> = {
  gzip: {
    compress: (body, done) => gzip(body, GZIP, done),
    stream: () => createGzip({ ...GZIP, flush: constants.Z_SYNC_FLUSH }),
  },
  br: {
    compress: (body, done) => brotliCompress(body, BROTLI, done),
    stream: () => createBrotliCompress({ ...BROTLI, flush: constants.BROTLI_OPERATION_FLUSH }),
  },
  zstd: {
    compress: (body, done) => zstdCompress(body, ZSTD, done),
    stream: () => createZstdCompress({ ...ZSTD, flush: constants.ZSTD_e_flush }),
  },
};
