import type { DescService } from '@bufbuild/protobuf';
import type { Descriptors } from '../contract/descriptors.js';
import { statedUpstream } from '../contract/upstream-of-service.js';

/** Returns the source of the upstream name of a service: a setting, its proto, or its package. */
export function upstreamNaming(service: DescService, { sets }: Pick<Descriptors, 'sets'>): string {
  const { typeName, file } = service;
  // Types are compared by identity, since a set may contain a service with the name of a built-in one.
  const set = sets.find(({ services }) => services.includes(service));
  if (set?.named.has(typeName)) return 'GATEWAY_UPSTREAMS';
  return statedUpstream(service) === undefined ? `package ${file.proto.package}` : 'option (gateway.v1.service)';
}
