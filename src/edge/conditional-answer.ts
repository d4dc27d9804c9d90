import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ContentCoding } from '../config/http-config.js';
import type { StoredResponse } from '../traffic/idempotency/idempotency-record.js';
import { addVary } from './vary.js';
import { codedTag, entityTag, matchingTag } from './entity-tag.js';
import type { RpcExchange } from './pipeline/rpc-exchange.js';

/**
 * The client may store the response, shared caches may not, and it is revalidated each time: a caller who has lost
 * access gets nothing out of a stored copy.
 */
const CACHE_CONTROL = 'private, no-cache';
const VARY = 'Authorization, Cookie, Origin, X-API-Key';

/** The body of a response as it is sent, encoded or not. */
export interface SentBody {
  readonly body: Buffer;
  readonly coding: ContentCoding | undefined;
}

/**
 * Returns the entity tag of a response before it is encoded: the tag of the backend, or a hash of the bytes where the
 * policy caches the response and clients poll for it.
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

/**
 * Returns the tag by which a reading client already has a response, whatever coding it was sent in (RFC 9110 13.1.2).
 */
export function knownTag(request: FastifyRequest, etag: string | undefined): string | undefined {
  if (etag === undefined || !isRead(request)) return undefined;
  return matchingTag(request.headers['if-none-match'], etag);
}

/**
 * Sends a body with its tag, or 304 to a client that already has it (RFC 9110 15.4.5). The caller is already authorized
 * at this point.
 */
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
