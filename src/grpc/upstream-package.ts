import { readFileSync } from 'node:fs';
import { loadFileDescriptorSetFromBuffer, type PackageDefinition, type ServiceDefinition } from '@grpc/proto-loader';

/** One upstream's part of a descriptor set, as Nest's gRPC client takes it. */
export interface UpstreamPackage {
  readonly packageDefinition: PackageDefinition;
  /** Package of the service: `user.v1`. */
  readonly package: string;
  /** Any service of the upstream: all of them share the channel of its client. */
  readonly service: string;
}

/** The contracts the gateway is built with. Beside the code in `src/` and in `dist/`. */
export function builtInDescriptors(): Uint8Array {
  return readFileSync(new URL('../gen/descriptors.binpb', import.meta.url));
}

/**
 * The services whose proto package begins with the upstream's name, with serializers that hand bytes through.
 * Throws when the set has none.
 */
export function upstreamPackage(upstream: string, descriptorSet: Uint8Array): UpstreamPackage {
  const loaded = Object.entries(loadFileDescriptorSetFromBuffer(Buffer.from(descriptorSet)));
  const services = loaded.flatMap(([name, definition]): [string, ServiceDefinition][] =>
    name.startsWith(`${upstream}.`) && isService(definition) ? [[name, onBytes(definition)]] : [],
  );
  const [first] = services;
  if (first === undefined) throw new Error(`The descriptor set has no service for the upstream "${upstream}"`);
  const dot = first[0].lastIndexOf('.');
  return {
    packageDefinition: Object.fromEntries(services),
    package: first[0].slice(0, dot),
    service: first[0].slice(dot + 1),
  };
}

/** Messages and enums of a package have a `format`; a service is a bare map of its methods. */
function isService(definition: PackageDefinition[string]): definition is ServiceDefinition {
  return !('format' in definition);
}

function onBytes(service: ServiceDefinition): ServiceDefinition {
  return Object.fromEntries(
    Object.entries(service).map(([name, method]) => [
      name,
      {
        ...method,
        requestSerialize: identity,
        requestDeserialize: identity,
        responseSerialize: identity,
        responseDeserialize: identity,
      },
    ]),
  );
}

function identity(bytes: object): Buffer {
  return bytes as Buffer;
}
