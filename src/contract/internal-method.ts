import type { DescMethod } from '@bufbuild/protobuf';
import { policyOf } from '../domain/policy.js';
import type { RpcMethod } from '../domain/rpc-method.js';
import { describeMethod } from './describe-method.js';
import { readService } from './route-table.js';

/** Policy of internal RPCs: no client may call them, and limits, caches and retries do not apply. */
const INTERNAL = policyOf('ACCESS_CONTROLLED');

/** Cache: descriptors never change, and each RPC has one RpcMethod. */
const known = new WeakMap<DescMethod, RpcMethod>();

/** Returns an RPC that the gateway itself calls: that of its route when it has one, otherwise one without a policy. */
export function internalMethod(desc: DescMethod): RpcMethod {
  let method = known.get(desc);
  if (method === undefined) known.set(desc, (method = exposedMethod(desc) ?? describeMethod(desc, INTERNAL)));
  return method;
}

function exposedMethod(desc: DescMethod): RpcMethod | undefined {
  return readService(desc.parent).routes.find((route) => route.desc === desc)?.method;
}
