import { loadFileDescriptorSetFromBuffer, type PackageDefinition, type ServiceDefinition } from '@grpc/proto-loader';

/** What Nest's gRPC client is opened with: services of one proto package, and one of them to fetch the client by. */
export interface UpstreamPackage {
  readonly packageDefinition: PackageDefinition;
  readonly package: string;
  readonly service: string;
}

/** Returns the health service, which every upstream may have: for one that no descriptor set has a service of. */
export function healthPackage(): UpstreamPackage {
  const check = {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    ...onBytes(),
  } as unknown as ServiceDefinition[string];
  return {
    packageDefinition: { 'grpc.health.v1.Health': { Check: check } },
    package: 'grpc.health.v1',
    service: 'Health',
  };
}

/**
 * Returns the services of the descriptor sets whose proto package begins with the upstream's name. Messages stay bytes:
 * the gateway has its own codec. Throws when @grpc/proto-loader cannot read a set.
 */
export function upstreamPackage(upstream: string, sets: readonly Uint8Array[]): UpstreamPackage {
  const services = sets.flatMap((set) => servicesOf(upstream, set));
  const [first] = services;
  if (first === undefined) return healthPackage();
  const [name] = first;
  const dot = name.lastIndexOf('.');
  return {
    packageDefinition: Object.fromEntries(services),
    package: name.slice(0, dot),
    service: name.slice(dot + 1),
  };
}

function servicesOf(upstream: string, set: Uint8Array): [string, ServiceDefinition][] {
  return Object.entries(loadFileDescriptorSetFromBuffer(Buffer.from(set))).flatMap(([name, definition]) =>
    name.startsWith(`${upstream}.`) && isService(definition) ? [[name, withBytes(definition)]] : [],
  );
}

/** Messages and enums of a package definition have a `format`; a service is a map of its methods. */
function isService(definition: PackageDefinition[string]): definition is ServiceDefinition {
  return !('format' in definition);
}

function withBytes(service: ServiceDefinition): ServiceDefinition {
  return Object.fromEntries(Object.entries(service).map(([name, method]) => [name, { ...method, ...onBytes() }]));
}

function onBytes() {
  return {
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  };
}

function identity(bytes: object): Buffer {
  return bytes as Buffer;
}
