import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';

/** Bytes that stay the same while the process runs, and how they are to be served. */
export class StaticContent {
  readonly bytes: Buffer;
  /** Strong validator: hash of the bytes (RFC 9110 8.8.3). */
  readonly etag: string;
  private readonly headers: Readonly<Record<string, string>>;

  constructor(content: string | Buffer, headers: Readonly<Record<string, string>>) {
    this.bytes = Buffer.from(content);
    this.etag = `"${createHash('sha256').update(this.bytes).digest('base64url').slice(0, 22)}"`;
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

/** If-None-Match, which compares weakly (RFC 9110 13.1.2). */
function namesTag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((item) => {
    const tag = item.trim();
    return tag === '*' || tag === etag || tag === `W/${etag}`;
  });
}
