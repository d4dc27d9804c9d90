import type { DescService } from '@bufbuild/protobuf';
import type { Descriptors } from '../contract/descriptors.js';
import { statedUpstream } from '../contract/upstream-of-service.js';

/** Says what gives the upstream of a service its name: a setting, its proto, or its package. */
export function upstreamNaming(service: DescService, { sets }: Pick<Descriptors, 'sets'>): string {
  const { typeName, file } = service;
  // Types are compared by identity: a set may hold a service of the same name as the build.
  const set = sets.find(({ services }) => services.includes(service));
  if (set?.named.has(typeName)) return 'GATEWAY_UPSTREAMS';
  return statedUpstream(service) === undefined ? `package ${file.proto.package}` : 'option (gateway.v1.service)';
}
