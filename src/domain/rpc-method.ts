import type { Policy, RatePolicy } from './policy.js';

/** An RPC that the gateway may call, whatever room it is called from. One object per RPC, made at boot. */
export interface RpcMethod {
  /** Name of what serves it: `user`. The same word in settings, metrics, logs and admin. */
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
  /** Reads the tenant that a request is about from its bytes, empty when it names none; undefined without a `tenant_field`. */
  readonly boundTenant?: ((request: Uint8Array) => string) | undefined;
  /** Rates that count by a value of the request. */
  readonly keyedRates?: readonly KeyedRate[];
  /** Its messages, as a guardrail is told of them; undefined when its policy asks for none. */
  readonly guarded?: GuardedMessages | undefined;
}

/** Type URLs of the messages of an RPC, as in google.protobuf.Any: `type.googleapis.com/ai.v1.ProcessQueryRequest`. */
export interface GuardedMessages {
  readonly request: string;
  readonly response: string;
}

/** A rate with a `key`, and how the key is read from the bytes of a request. */
export interface KeyedRate {
  readonly rate: RatePolicy;
  readonly read: (request: Uint8Array) => string;
}
