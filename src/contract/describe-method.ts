import type { DescMethod } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel as Idempotency } from '@bufbuild/protobuf/wkt';
import type { Policy } from '../domain/policy.js';
import type { RpcMethod } from '../domain/rpc-method.js';
import { compileTenantReader } from './bound-tenant.js';

/** An RPC as the rooms know it, with the policy it is to be called under. */
export function describeMethod(desc: DescMethod, policy: Policy): RpcMethod {
  const service = desc.parent.typeName;
  return Object.freeze({
    upstream: desc.parent.file.proto.package.split('.', 1)[0] ?? '',
    service,
    name: desc.name,
    path: `/${service}/${desc.name}`,
    kind: desc.methodKind === 'unary' ? 'unary' : 'server_stream',
    idempotent: desc.idempotency !== Idempotency.IDEMPOTENCY_UNKNOWN,
    readOnly: desc.idempotency === Idempotency.NO_SIDE_EFFECTS,
    policy,
    boundTenant: compileTenantReader(desc.input, policy.tenantField),
  });
}
