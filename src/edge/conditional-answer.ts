import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ContentCoding } from '../config/http-config.js';
import type { StoredResponse } from '../traffic/idempotency/idempotency-record.js';
import { addVary } from './vary.js';
import { codedTag, entityTag, matchingTag } from './entity-tag.js';
import type { RpcExchange } from './pipeline/rpc-exchange.js';

/** The client may keep it, no proxy may, and it asks each time: whoever may no longer call gets nothing out of its copy. */
const CACHE_CONTROL = 'private, no-cache';
const VARY = 'Authorization, Cookie, Origin, X-API-Key';

/** What is sent of a response: its body, in a coding or as it is. */
export interface SentBody {
  readonly body: Buffer;
  readonly coding: ContentCoding | undefined;
}

/**
 * Returns the entity tag of a response before it is encoded: that of the backend, or one of its bytes where the policy has
 * it cached and a client asks again and again for the same.
 */
export function tagOf(
  { request, rpc }: Pick<RpcExchange, 'request' | 'rpc'>,
  response: StoredResponse,
): string | undefined {
  const own = response.headers?.['etag'];
  if (own !== undefined) return own;
  const isTagged = rpc.route.method.policy.cache !== undefined && isRead(request);
  return isTagged ? entityTag(response.body) : undefined;
}

/** Returns the tag by which a client that reads has a response already, whatever coding it was sent in (RFC 9110 13.1.2). */
export function knownTag(request: FastifyRequest, etag: string | undefined): string | undefined {
  if (etag === undefined || !isRead(request)) return undefined;
  return matchingTag(request.headers['if-none-match'], etag);
}

/** Sends a body with its tag, or 304 to a client that has it (RFC 9110 15.4.5). The caller has been authorized by then. */
export function sendTagged(
  request: FastifyRequest,
  reply: FastifyReply,
  etag: string,
  { body, coding }: SentBody,
): void {
  const known = knownTag(request, etag);
  if (isRead(request)) {
    void reply.header('cache-control', CACHE_CONTROL);
    addVary(reply, VARY);
  }
  void reply.header('etag', known ?? codedTag(etag, coding));
  if (known === undefined) return void reply.send(body);
  void reply.removeHeader('content-type').removeHeader('content-encoding').code(304).send();
}

function isRead({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}
