import type { ExecutionContext } from '@nestjs/common';
import type { CallContext } from '../domain/call-context.js';

/** What guards see of a request: the context that the edge made of it, and its headers. */
export interface GuardedRequest {
  readonly call: CallContext;
  readonly headers: { readonly authorization?: string | undefined };
}

/** The request behind a Nest execution context. */
export function guardedRequest(context: ExecutionContext): GuardedRequest {
  return context.getArgByIndex<GuardedRequest>(0);
}
