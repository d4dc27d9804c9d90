import type { DescMethod } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel as Idempotency } from '@bufbuild/protobuf/wkt';
import type { Policy, RatePolicy } from '../domain/policy.js';
import type { GuardedMessages, KeyedRate, RpcMethod } from '../domain/rpc-method.js';
import { compileStringReader } from './string-reader.js';
import { upstreamOfService } from './upstream-of-service.js';

/** Prefix of a type URL (google/protobuf/any.proto). */
const TYPE_URL = 'type.googleapis.com/';

/** Describes an RPC for the other parts of the gateway, with the policy under which it is called. */
export function describeMethod(desc: DescMethod, policy: Policy): RpcMethod {
  const service = desc.parent.typeName;
  return Object.freeze({
    upstream: upstreamOfService(desc.parent),
    service,
    name: desc.name,
    path: `/${service}/${desc.name}`,
    kind: desc.methodKind === 'unary' ? 'unary' : 'server_stream',
    idempotent: desc.idempotency !== Idempotency.IDEMPOTENCY_UNKNOWN,
    readOnly: desc.idempotency === Idempotency.NO_SIDE_EFFECTS,
    policy,
    boundTenant: compileStringReader(desc.input, policy.tenantField),
    guarded: policy.guardrail === undefined ? undefined : guardedMessages(desc),
    keyedRates: policy.rates.flatMap((rate) => keyedRate(desc, rate)),
  });
}

function guardedMessages({ input, output }: DescMethod): GuardedMessages {
  return { request: TYPE_URL + input.typeName, response: TYPE_URL + output.typeName };
}

function keyedRate({ input }: DescMethod, rate: RatePolicy): KeyedRate[] {
  const read = compileStringReader(input, rate.key);
  return read === undefined ? [] : [{ rate, read }];
}
