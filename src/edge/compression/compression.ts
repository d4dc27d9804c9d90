import type { Transform } from 'node:stream';
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
import { Inject, Injectable } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../../config/config.token.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import type { ContentCoding } from '../../config/names.js';
import type { Route } from '../../contract/route.js';
import { whyUncompressed } from '../../contract/secret-names.js';
import { mediaTypeOf } from '../../domain/header-text.js';
import { GatewayMetrics } from '../../observe/metrics.js';
import { CodingChoice } from './accept-encoding.js';

/**
 * Maximum number of concurrent compressions, out of libuv's four threads, which also resolve names and read files.
 * Further responses are sent uncompressed.
 */
const MAX_CONCURRENT = 2;

/** Media types that compress well: text and text-based formats. */
const COMPRESSIBLE =
  /^(?:text\/|application\/(?:json|x-ndjson|javascript|xml|yaml|wasm)$|image\/svg\+xml$|[^/]+\/[^/]+\+(?:json|xml|yaml)$)/;

const GZIP = { level: 4 };

const BROTLI: BrotliOptions = {
  params: { [constants.BROTLI_PARAM_QUALITY]: 4, [constants.BROTLI_PARAM_LGWIN]: 18 },
};

const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_windowLog]: 18 } };

/** Encoders by the registered name of their coding. */
const ENCODERS: Readonly<Record<ContentCoding, Encoder>> = {
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

/** Decides which responses of a gateway are compressed, and how (ADR 0041). */
@Injectable()
export class Compression {
  private readonly choice: CodingChoice;
  private readonly minBytes: number;
  private readonly isOn: boolean;
  private running = 0;
  /** Result for each route. Searching the fields of a route for secrets is too expensive to repeat per stream. */
  private readonly covered = new WeakMap<Route, boolean>();

  constructor(
    @Inject(GATEWAY_CONFIG) { server }: Pick<GatewayConfig, 'server'>,
    private readonly metrics: GatewayMetrics,
  ) {
    const { codings, minBytes } = server.compression;
    this.choice = new CodingChoice(codings);
    this.minBytes = minBytes;
    this.isOn = codings.length > 0;
  }

  /** Returns whether responses of a route may be compressed. */
  covers(route: Route): boolean {
    if (!this.isOn) return false;
    const known = this.covered.get(route);
    if (known !== undefined) return known;
    const isCovered = whyUncompressed(route) === undefined;
    this.covered.set(route, isCovered);
    return isCovered;
  }

  /** Returns the coding in which a response of a media type is sent to a client; undefined to send it unencoded. */
  codingFor(acceptEncoding: string | string[] | undefined, contentType: string): ContentCoding | undefined {
    return COMPRESSIBLE.test(mediaTypeOf(contentType)) ? this.choice.of(acceptEncoding) : undefined;
  }

  /** Returns whether responses of a media type depend on Accept-Encoding. */
  variesBy(contentType: string): boolean {
    return COMPRESSIBLE.test(mediaTypeOf(contentType));
  }

  /**
   * Compresses a body. Resolves to undefined when it is sent uncompressed: it is small, or too many compressions are
   * running.
   */
  compress(body: Buffer, coding: ContentCoding): Promise<Buffer | undefined> | undefined {
    if (body.length < this.minBytes) return undefined;
    if (this.running >= MAX_CONCURRENT) {
      this.metrics.compression.skipped();
      return undefined;
    }
    this.running += 1;
    return new Promise((resolve) =>
      ENCODERS[coding].compress(body, (error, compressed) => {
        this.running -= 1;
        const isSmaller = error === null && compressed.length < body.length;
        if (isSmaller) this.metrics.compression.compressed(coding);
        resolve(isSmaller ? compressed : undefined);
      }),
    );
  }

  /** Returns a transform that encodes a stream. */
  stream(coding: ContentCoding): Transform {
    this.metrics.compression.compressed(coding);
    return ENCODERS[coding].stream();
  }
}

type Done = (error: Error | null, compressed: Buffer) => void;

/**
 * How responses are encoded (RFC 9110 8.4.1). The compression levels cost about as much CPU time as writing the JSON.
 */
interface Encoder {
  readonly compress: (body: Buffer, done: Done) => void;
  /** Returns an encoder that flushes after each input, so that no message waits for the next one. */
  readonly stream: () => Transform;
}
