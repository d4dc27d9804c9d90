import type { DescMethod } from '@bufbuild/protobuf';
import { policyOf } from '../domain/policy.js';
import type { RpcMethod } from '../domain/rpc-method.js';
import { describeMethod } from './describe-method.js';
import { readService } from './route-table.js';

/** Nobody from outside may call such an RPC, nothing of it is limited, cached or tried again. */
const INTERNAL = policyOf('ACCESS_CONTROLLED');

/** Descriptors never change, and one RPC has one RpcMethod. */
const known = new WeakMap<DescMethod, RpcMethod>();

/** An RPC that the gateway calls on its own account: that of its route when it has one, else one without a policy. */
export function internalMethod(desc: DescMethod): RpcMethod {
  let method = known.get(desc);
  if (method === undefined) known.set(desc, (method = exposedMethod(desc) ?? describeMethod(desc, INTERNAL)));
  return method;
}

function exposedMethod(desc: DescMethod): RpcMethod | undefined {
  return readService(desc.parent).routes.find((route) => route.desc === desc)?.method;
}
