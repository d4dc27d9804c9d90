import type { FastifyReply, FastifyRequest } from 'fastify';
import { entityTag, namesTag } from '../entity-tag.js';

/** Bytes that do not change while the process runs, and the headers with which they are served. */
export class StaticContent {
  readonly bytes: Buffer;
  readonly etag: string;
  private readonly headers: Readonly<Record<string, string>>;

  constructor(content: string | Buffer, headers: Readonly<Record<string, string>>) {
    this.bytes = Buffer.from(content);
    this.etag = entityTag(this.bytes);
    // Caches may store it but must revalidate it, so that a new version is seen immediately.
    this.headers = { 'cache-control': 'no-cache', etag: this.etag, ...headers };
  }

  /** Sends the content, or 304 to a client that already has it. `headers` are added to the content's own. */
  send(request: FastifyRequest, reply: FastifyReply, headers: Readonly<Record<string, string>> = {}): void {
    void reply.headers({ ...this.headers, ...headers });
    if (namesTag(request.headers['if-none-match'], this.etag)) void reply.code(304).send();
    else void reply.send(this.bytes);
  }
}
