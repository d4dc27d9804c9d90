import type { FastifyReply, FastifyRequest } from 'fastify';
import { entityTag, namesTag } from '../entity-tag.js';

/** Bytes that stay the same while the process runs, and how they are to be served. */
export class StaticContent {
  readonly bytes: Buffer;
  readonly etag: string;
  private readonly headers: Readonly<Record<string, string>>;

  constructor(content: string | Buffer, headers: Readonly<Record<string, string>>) {
    this.bytes = Buffer.from(content);
    this.etag = entityTag(this.bytes);
    // Kept by caches and asked about each time, so that a new version is seen at once.
    this.headers = { 'cache-control': 'no-cache', etag: this.etag, ...headers };
  }

  /** Answers 304 to a client that has these bytes already. `headers` come on top of the content's own. */
  send(request: FastifyRequest, reply: FastifyReply, headers: Readonly<Record<string, string>> = {}): void {
    void reply.headers({ ...this.headers, ...headers });
    if (namesTag(request.headers['if-none-match'], this.etag)) void reply.code(304).send();
    else void reply.send(this.bytes);
  }
}
