import type { Socket } from 'node:net';
import type { ExecutionContext } from '@nestjs/common';
import type { CallContext } from '../domain/call-context.js';
import type { CredentialHeaders } from './credentials.js';

/** Headers by which a browser says what page a request comes from. */
export interface OriginHeaders {
  readonly origin?: string | undefined;
  readonly 'sec-fetch-site'?: string | readonly string[] | undefined;
  readonly 'x-csrf'?: string | readonly string[] | undefined;
}

/** What guards see of a request: the context that the edge made of it, and its headers. */
export interface GuardedRequest {
  readonly call: CallContext;
  readonly method: string;
  /** What stands behind the question mark; absent where there is no HTTP request. */
  readonly rawQuery?: string;
  readonly headers: CredentialHeaders & OriginHeaders;
  /** The connection that it came on; absent where there is none. */
  readonly socket?: Socket;
}

/** The request behind a Nest execution context. */
export function guardedRequest(context: ExecutionContext): GuardedRequest {
  return context.getArgByIndex<GuardedRequest>(0);
}
