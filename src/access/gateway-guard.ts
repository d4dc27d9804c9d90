import type { Socket } from 'node:net';
import type { ExecutionContext, CanActivate } from '@nestjs/common';
import type { CallContext } from '../domain/call-context.js';
import { spanStep } from '../domain/span-record.js';

/** Headers that may carry a credential, as Node parses them. */
export interface CredentialHeaders {
  readonly authorization?: string | undefined;
  readonly 'x-api-key'?: string | readonly string[] | undefined;
  readonly cookie?: string | undefined;
}

/** Headers in which a browser states the origin of a request. */
export interface OriginHeaders {
  readonly origin?: string | undefined;
  readonly 'sec-fetch-site'?: string | readonly string[] | undefined;
  readonly 'x-csrf'?: string | readonly string[] | undefined;
}

/** Part of a request that guards see: its context and its headers. */
export interface GuardedRequest {
  readonly call: CallContext;
  readonly method: string;
  /** Query string without the question mark; absent without an HTTP request. */
  readonly rawQuery?: string;
  readonly headers: CredentialHeaders & OriginHeaders;
  /** Connection of the request; absent without one. */
  readonly socket?: Socket;
}

/**
 * Base class of the gateway's guards. Nest runs them as any other guard; the pipeline of a generated route calls {@link
 * before} directly, without an execution context.
 */
export abstract class GatewayGuard implements CanActivate {
  /** Index of the guard's tracing span. */
  readonly span = spanStep(this.constructor.name);

  /**
   * Checks a request. Throws, or rejects with, the GatewayError that rejects the request. Returns a promise only if it
   * has to wait.
   */
  abstract before(request: GuardedRequest): void | Promise<void>;

  canActivate(context: ExecutionContext): true | Promise<true> {
    const request = context.getArgByIndex<GuardedRequest>(0);
    request.call.enter('auth', this.span);
    const pending = this.before(request);
    return pending === undefined ? true : pending.then(() => true as const);
  }
}
