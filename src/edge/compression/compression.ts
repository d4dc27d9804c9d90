import { Inject, Injectable } from '@nestjs/common';
import type { Transform } from 'node:stream';
import { GATEWAY_CONFIG } from '../../config/config.token.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import type { ContentCoding } from '../../config/http-config.js';
import type { Route } from '../../contract/route.js';
import { whyUncompressed } from '../../contract/uncompressible.js';
import { mediaTypeOf } from '../../domain/header-text.js';
import { GatewayMetrics } from '../../observe/metrics.js';
import { CodingChoice } from './accept-encoding.js';
import { ENCODERS } from './content-coding.js';

/**
 * Maximum number of concurrent compressions, out of libuv's four threads, which also resolve names and read files.
 * Further responses are sent uncompressed.
 */
const MAX_CONCURRENT = 2;
/** Media types that compress well: text and text-based formats. */
const COMPRESSIBLE =
  /^(?:text\/|application\/(?:json|x-ndjson|javascript|xml|yaml|wasm)$|image\/svg\+xml$|[^/]+\/[^/]+\+(?:json|xml|yaml)$)/;

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
