import type { CompiledRoute } from '../contract/compiled-route.js';
import type { Route } from '../contract/route.js';
import type { CallContext } from '../domain/call-context.js';
import type { Policy } from '../domain/policy.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the gateway knows of this request. */
    call: CallContext;
    /** The RPC route it matched; undefined on routes of the gateway's own. */
    rpc: CompiledRoute | undefined;
    /** The nearest address that is not a trusted proxy; empty when the socket was closed already. */
    clientAddress: string;
    /** Path and query of the target as they came, still percent-encoded. */
    rawPath: string;
    rawQuery: string;
  }
  interface FastifyContextConfig {
    /** Set by `@RpcController`. */
    rpcRoute?: Route;
    /** Set on the one route that takes what no other does. */
    fallback?: boolean;
    /** Set by `@Access` on routes of the gateway's own. */
    policy?: Policy;
  }
}
