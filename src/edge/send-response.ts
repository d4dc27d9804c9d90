import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ContentCoding } from '../config/names.js';
import { GatewayError } from '../domain/errors.js';
import type { StoredResponse } from '../traffic/idempotency/idempotency-record.js';
import { addVary } from './common-headers.js';
import type { Compression } from './compression/compression.js';
import { codedTag, entityTag, matchingTag } from './entity-tag.js';
import { writePassed } from './passed-headers.js';
import type { RpcExchange } from './pipeline/rpc-exchange.js';

/**
 * The client may store the response, shared caches may not, and it is revalidated each time: a caller who has lost
 * access gets nothing out of a stored copy.
 */
const CACHE_CONTROL = 'private, no-cache';

const VARY = 'Authorization, Cookie, Origin, X-API-Key';

/**
 * Sends the response of an exchange. Does nothing without one, and where an interceptor has sent its own.
 * @param encoded its body in a coding.
 * @param tag its entity tag, where that is already known.
 */
export function sendResponse(exchange: RpcExchange, encoded?: SentBody, tag?: string): void {
  const { request, reply, call, response } = exchange;
  if (response === undefined || reply.sent) return;
  const { status, contentType, headers, body } = response;
  if (!(status >= 200 && status <= 599))
    throw GatewayError.from(new RangeError(`an interceptor answered the status ${status}`));
  reply.code(status);
  if (call.fallback !== '') reply.header('x-gateway-fallback', call.fallback);
  if (headers !== undefined) writePassed(reply, headers);
  if (contentType === '') return void reply.send();
  reply.header('content-type', contentType);
  if (encoded !== undefined) reply.header('content-encoding', encoded.coding);
  const etag = tag ?? tagOf(exchange, response);
  if (etag === undefined) return void reply.send(encoded?.body ?? body);
  sendTagged(request, reply, etag, encoded ?? { body, coding: undefined });
}

/** Returns a step that sends responses compressed to clients that accept it. It waits only while it compresses. */
export function compressedSend(compression: Compression): (exchange: RpcExchange) => void | Promise<void> {
  return (exchange) => {
    const { request, reply, response } = exchange;
    const type = response?.contentType ?? '';
    if (response === undefined || reply.sent || !compression.variesBy(type)) return sendResponse(exchange);
    addVary(reply, 'Accept-Encoding');
    const coding = compression.codingFor(request.headers['accept-encoding'], type);
    if (coding === undefined) return sendResponse(exchange);
    const tag = tagOf(exchange, response);
    const isKnown = knownTag(request, tag) !== undefined;
    const compressing = isKnown ? undefined : compression.compress(response.body, coding);
    if (compressing === undefined) return sendResponse(exchange, undefined, tag);
    return compressing.then((body) => {
      if (!exchange.call.isOver) sendResponse(exchange, body && { body, coding }, tag);
    });
  };
}

/** The body of a response as it is sent, encoded or not. */
interface SentBody {
  readonly body: Buffer;
  readonly coding: ContentCoding | undefined;
}

/**
 * Returns the entity tag of a response before it is encoded: the tag of the backend, or a hash of the bytes where the
 * policy caches the response and clients poll for it.
 */
function tagOf({ request, rpc }: Pick<RpcExchange, 'request' | 'rpc'>, response: StoredResponse): string | undefined {
  const own = response.headers?.['etag'];
  if (own !== undefined) return own;
  const isTagged = rpc.route.method.policy.cache !== undefined && isRead(request);
  return isTagged ? entityTag(response.body) : undefined;
}

/**
 * Returns the tag by which a reading client already has a response, whatever coding it was sent in (RFC 9110 13.1.2).
 */
function knownTag(request: FastifyRequest, etag: string | undefined): string | undefined {
  if (etag === undefined || !isRead(request)) return undefined;
  return matchingTag(request.headers['if-none-match'], etag);
}

/**
 * Sends a body with its tag, or 304 to a client that already has it (RFC 9110 15.4.5). The caller is already authorized
 * at this point.
 */
function sendTagged(request: FastifyRequest, reply: FastifyReply, etag: string, { body, coding }: SentBody): void {
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
