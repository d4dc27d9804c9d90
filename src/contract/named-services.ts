import { create, getExtension, setExtension } from '@bufbuild/protobuf';
import {
  type FileDescriptorSet,
  type ServiceDescriptorProto,
  type ServiceOptions,
  ServiceOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import type { UpstreamName } from '../domain/upstream-name.js';
import { service as serviceOption } from '../gen/gateway/v1/policy_pb.js';

/** Services whose upstream a deployment has named, by full name, with the upstream that their proto states. */
export type NamedServices = ReadonlyMap<string, string | undefined>;

/**
 * Writes the upstream names of a deployment into the options of its services, so that the rest of the code reads them
 * like those of a proto. The name of a service takes precedence over that of its package.
 */
export function nameServices({ file: files }: FileDescriptorSet, names: readonly UpstreamName[]): NamedServices {
  const upstreams = new Map(names.map(({ owner, upstream }) => [owner, upstream]));
  const named = new Map<string, string | undefined>();
  for (const file of files) {
    for (const service of file.service) {
      const fullName = file.package === '' ? service.name : `${file.package}.${service.name}`;
      const upstream = upstreams.get(fullName) ?? upstreams.get(file.package);
      if (upstream !== undefined) named.set(fullName, setUpstream(service, upstream));
    }
  }
  return named;
}

/** Sets the option and returns its previous value. */
function setUpstream(service: ServiceDescriptorProto, upstream: string): string | undefined {
  const options: ServiceOptions = (service.options ??= create(ServiceOptionsSchema));
  const policy = getExtension(options, serviceOption);
  const before = policy.upstream || undefined;
  policy.upstream = upstream;
  setExtension(options, serviceOption, policy);
  return before;
}
