import type { Socket } from 'node:net';
import type { ExecutionContext } from '@nestjs/common';
import type { CallContext } from '../domain/call-context.js';
import type { CredentialHeaders } from './credentials.js';

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

/** Returns the request of a Nest execution context. */
export function guardedRequest(context: ExecutionContext): GuardedRequest {
  return context.getArgByIndex<GuardedRequest>(0);
}
