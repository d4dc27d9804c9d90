import { GatewayError } from '../domain/errors.js';
import type { Compression } from './compression/compression.js';
import { knownTag, type SentBody, sendTagged, tagOf } from './conditional-answer.js';
import { writePassed } from './passed-headers.js';
import type { RpcExchange } from './pipeline/rpc-exchange.js';
import { addVary } from './vary.js';

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
