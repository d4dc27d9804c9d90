import type { LoggedCall } from '../../sandbox/backend/call-log.js';
import type { SandboxEnvironment } from '../../sandbox/environment.js';

/** A call and the message it came with, with proto-loader's names for the fields. */
export interface ReceivedCall {
  readonly call: LoggedCall;
  readonly request: Readonly<Record<string, unknown>>;
}

/** Checks the requests that the backends of a sandbox received. */
export class BackendView {
  private received: ReceivedCall[] = [];

  constructor(sandbox: SandboxEnvironment) {
    sandbox.calls.onRequest = (call, request) => {
      // Health checks are nobody's request.
      if (call.method.includes('.v1.') && !call.method.startsWith('/grpc.')) this.received.push({ call, request });
    };
  }

  get calls(): readonly ReceivedCall[] {
    return this.received;
  }

  /** Tenants that the metadata of those calls named. */
  get tenantsInMetadata(): string[] {
    return [...new Set(this.received.map(({ call }) => (call.metadata['x-gateway-tenant'] ?? ['none']).join('+')))];
  }

  /** Tenants that the requests themselves named. */
  get tenantsInRequests(): string[] {
    return [...new Set(this.received.map(({ request }) => String(request.tenantId)))];
  }

  clear(): void {
    this.received = [];
  }
}
