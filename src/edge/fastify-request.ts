import type { CompiledRoute } from '../contract/compiled-route.js';
import type { Route } from '../contract/route.js';
import type { CallContext } from '../domain/call-context.js';
import type { Policy } from '../domain/policy.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Context of this request. */
    call: CallContext;
    /** RPC route that was matched; undefined on the gateway's own routes. */
    rpc: CompiledRoute | undefined;
    /** Nearest address that is not a trusted proxy; empty when the socket was already closed. */
    clientAddress: string;
    /** Path and query of the target as received, still percent-encoded. */
    rawPath: string;
    rawQuery: string;
  }
  interface FastifyContextConfig {
    /** Set by `@RpcController`. */
    rpcRoute?: Route;
    /** Set on the one route that takes all requests without another route. */
    fallback?: boolean;
    /** Set by `@Access` on the gateway's own routes. */
    policy?: Policy;
  }
}
