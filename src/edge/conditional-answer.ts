import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RpcMethod } from '../domain/rpc-method.js';
import { entityTag, namesTag } from './entity-tag.js';

/** The client may keep it, no proxy may, and it asks each time: whoever may no longer call gets nothing out of its copy. */
const HEADERS = { 'cache-control': 'private, no-cache', vary: 'Authorization, Cookie, Origin, X-API-Key' } as const;

/** Whether answers of an RPC have an entity tag: those that are cached, where a client asks again and again for the same. */
export function hasTag({ method }: FastifyRequest, { policy }: RpcMethod): boolean {
  return policy.cache !== undefined && (method === 'GET' || method === 'HEAD');
}

/** Sends a body with its tag, or 304 to a client that has it (RFC 9110 15.4.5). The caller has been authorized by then. */
export function sendTagged(request: FastifyRequest, reply: FastifyReply, body: Buffer): void {
  const etag = entityTag(body);
  void reply.headers({ ...HEADERS, etag });
  if (!namesTag(request.headers['if-none-match'], etag)) return void reply.send(body);
  void reply.removeHeader('content-type').code(304).send();
}
