import type { IncomingMessage } from 'node:http';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { GATEWAY_CONFIG } from '../config/config.token.js';
import type { GatewayConfig } from '../config/gateway-config.js';
import { CallContext } from '../domain/call-context.js';
import type { TraceContext } from '../domain/trace-context.js';
import { uuidV7 } from '../domain/uuid-v7.js';
import { Tracing } from '../observe/tracing/tracing.js';
import { ClientAddress } from './client-address.js';
import { forwardedPrefix } from './base-path.js';
import { traceContext } from './trace-context.js';

const ACCEPTED = /^[A-Za-z0-9._-]{1,64}$/;

/** Makes the context of each request: its id, its trace and its deadline. */
@Injectable()
export class RequestContexts {
  constructor(
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
    readonly clientAddress: ClientAddress,
    @Optional() private readonly tracing?: Tracing,
  ) {}

  of(request: IncomingMessage): CallContext {
    const { headers } = request;
    const isTrusted = this.clientAddress.isFromTrustedProxy(request);
    const call = this.begin(requestId(headers['x-request-id']), traceContext(headers, isTrusted, this.tracing));
    if (isTrusted && this.config.server.forwardedPrefix) {
      call.basePath = forwardedPrefix(headers['x-forwarded-prefix']) ?? call.basePath;
    }
    return call;
  }

  /** Makes a context for bytes that are not a request. */
  withoutRequest(): CallContext {
    return this.begin(requestId(undefined), traceContext({}, false, this.tracing));
  }

  /** Returns the maximum length of the body of a request, in bytes: the policy of its route may set its own. */
  bodyLimit({ policy }: CallContext): number {
    return policy?.maxBodyBytes ?? this.config.server.maxBodyBytes;
  }

  private begin(id: string, trace: TraceContext): CallContext {
    const startedAt = performance.now();
    const call = new CallContext(id, trace, startedAt, startedAt + this.config.timeouts.requestMs);
    call.basePath = this.config.server.basePath;
    call.spans = this.tracing?.begin(trace);
    return call;
  }
}

/** Returns the id of a request: the client's own when it is short and plain, otherwise a UUIDv7 (RFC 9562 5.7). */
function requestId(inbound: string | string[] | undefined): string {
  return typeof inbound === 'string' && ACCEPTED.test(inbound) ? inbound : uuidV7();
}
