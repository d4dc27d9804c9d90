import type { DescService } from '@bufbuild/protobuf';
import { nearestUpstreamName } from '../domain/upstream-name.js';
import { AIService } from '../gen/ai/v1/ai_pb.js';
import { AuthService } from '../gen/auth/v1/auth_pb.js';
import { GuardrailService } from '../gen/guardrail/v1/guardrail_pb.js';
import { TenantService } from '../gen/tenant/v1/tenant_pb.js';
import { UserService } from '../gen/user/v1/user_pb.js';
import { type ContractProblem, problemOf } from './contract-problem.js';
import { statedUpstream, upstreamOfService, withoutVersion } from './upstream-of-service.js';

/**
 * Services that the gateway itself calls, so that their upstream names are reserved even if a deployment lacks them.
 */
const BUILT_IN = [AuthService, UserService, TenantService, AIService, GuardrailService];

/** One service of each package that claims a name implicitly, by name. Versions of a package count as one. */
type Claims = ReadonlyMap<string, readonly DescService[]>;

/**
 * Finds packages that share an upstream only because their last segments are equal, `acme.billing` and `other.billing`:
 * the calls of one would go to the address of the other. Versions of one package share an upstream, and packages may
 * share a name that all but one of them state explicitly.
 */
export function findSharedUpstreams(services: Iterable<DescService>): ContractProblem[] {
  return [...claimsOf(services)].flatMap(([name, [first, ...others]]) =>
    others.map((other) => problemOf(other, messageOf(name, first!, other.file.proto.package))),
  );
}

/** Returns the names that several packages claim implicitly. */
export function sharedUpstreams(services: Iterable<DescService>): ReadonlySet<string> {
  return new Set([...claimsOf(services)].flatMap(([name, claimants]) => (claimants.length > 1 ? [name] : [])));
}

function claimsOf(services: Iterable<DescService>): Claims {
  const claims = new Map<string, DescService[]>();
  for (const service of [...BUILT_IN, ...services]) {
    if (service.file.proto.package === '' || statedUpstream(service) !== undefined) continue;
    const name = upstreamOfService(service);
    const claimants = claims.get(name) ?? [];
    if (!claimants.some((each) => isSamePackage(each, service))) claims.set(name, [...claimants, service]);
  }
  return claims;
}

function isSamePackage(one: DescService, other: DescService): boolean {
  return withoutVersion(one.file.proto.package) === withoutVersion(other.file.proto.package);
}

function messageOf(name: string, owner: DescService, packageName: string): string {
  const own = nearestUpstreamName(withoutVersion(packageName)) ?? `other_${name}`;
  return [
    `the packages ${owner.file.proto.package} and ${packageName} would both be the upstream "${name}":`,
    `give one another name, with option (gateway.v1.service) = {upstream: "${own}"} on its services or with`,
    `GATEWAY_UPSTREAMS=${packageName}=${own}; if they are one upstream, say so: GATEWAY_UPSTREAMS=${packageName}=${name}`,
  ].join(' ');
}
