import type { Policy, RatePolicy } from './policy.js';

/** An RPC that the gateway may call. One object per RPC, made at boot. */
export interface RpcMethod {
  /** Name of the upstream that serves it: `user`. Used in settings, metrics, logs and the admin API. */
  readonly upstream: string;
  /** Full name of the service: `user.v1.UserService`. */
  readonly service: string;
  /** `GetUser`. */
  readonly name: string;
  /** `/user.v1.UserService/GetUser`. */
  readonly path: string;
  readonly kind: 'unary' | 'server_stream';
  /** idempotency_level is IDEMPOTENT or NO_SIDE_EFFECTS. */
  readonly idempotent: boolean;
  /** idempotency_level is NO_SIDE_EFFECTS. */
  readonly readOnly: boolean;
  readonly policy: Policy;
  /** Reads the tenant of a request from its bytes, empty when it names none; undefined without a `tenant_field`. */
  readonly boundTenant?: ((request: Uint8Array) => string) | undefined;
  /** Rates that are counted by a value of the request. */
  readonly keyedRates?: readonly KeyedRate[];
  /** Types of its messages for a guardrail; undefined when its policy does not ask for one. */
  readonly guarded?: GuardedMessages | undefined;
}

/** Type URLs of the messages of an RPC, as in google.protobuf.Any: `type.googleapis.com/ai.v1.ProcessQueryRequest`. */
export interface GuardedMessages {
  readonly request: string;
  readonly response: string;
}

/** A rate with a `key`, and the reader of the key from the bytes of a request. */
export interface KeyedRate {
  readonly rate: RatePolicy;
  readonly read: (request: Uint8Array) => string;
}
