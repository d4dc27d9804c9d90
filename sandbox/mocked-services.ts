import { getOption, hasOption } from '@bufbuild/protobuf';
import { upstreamVariables } from '../src/config/schema/upstream-settings.js';
import { upstreamOfService } from '../src/contract/upstream-of-service.js';
import { loadDescriptors } from '../src/contract/descriptors.js';
import { policy } from '../src/gen/gateway/v1/policy_pb.js';
import { startMock } from '../src/testing/mock/mock-server.js';
import type { OpenParts } from './open-parts.js';

/** Services of an adopter that a mock answers for, each upstream behind a fault switch of its name. */
export interface MockedServices {
  /** Addresses by upstream. */
  readonly addresses: ReadonlyMap<string, string>;
  /** Permissions that their policies require. */
  readonly permissions: readonly string[];
  /** The settings with which a gateway finds them. */
  readonly gatewayEnv: Readonly<Record<string, string>>;
}

/** Starts a mock of descriptor sets; undefined without any. Rejects with DescriptorError for files that cannot be used. */
export async function mockServices(
  files: readonly string[],
  parts: OpenParts,
  expose: (upstream: string, port: number) => Promise<string>,
): Promise<MockedServices | undefined> {
  if (files.length === 0) return undefined;
  const mock = parts.add(await startMock(loadDescriptors(files)));
  const port = Number(mock.address.split(':').at(-1));
  const addresses = new Map<string, string>();
  for (const upstream of new Set(mock.services.map(upstreamOfService))) {
    addresses.set(upstream, await expose(upstream, port));
  }
  const methods = mock.services.flatMap((service) => service.methods);
  const policies = methods.flatMap((method) => (hasOption(method, policy) ? [getOption(method, policy)] : []));
  const permissions = policies.flatMap((rules) => [...rules.permissions, rules.privilegedPermission]);
  const urls = Array.from(addresses, ([name, address]) => [upstreamVariables(name).url, address]);
  return {
    addresses,
    permissions: [...new Set(permissions)].filter((permission) => permission !== ''),
    gatewayEnv: { GATEWAY_DESCRIPTORS: files.join(','), ...(Object.fromEntries(urls) as Record<string, string>) },
  };
}
