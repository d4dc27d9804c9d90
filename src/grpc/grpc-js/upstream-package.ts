import { readFileSync } from 'node:fs';
import { loadFileDescriptorSetFromBuffer, type PackageDefinition, type ServiceDefinition } from '@grpc/proto-loader';

const BUILT_IN = new URL('../../gen/descriptors.binpb', import.meta.url);

/** Services by their full name: `user.v1.UserService`. */
export type Services = ReadonlyMap<string, ServiceDefinition>;

/** What Nest's gRPC client is opened with: services, and one of them to fetch the client by. */
export interface UpstreamPackage {
  readonly packageDefinition: PackageDefinition;
  readonly package: string;
  readonly service: string;
}

const BYTES = {
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
};

/**
 * Reads the services of the built-in descriptor set and of the mounted ones (GATEWAY_DESCRIPTORS). Messages stay bytes:
 * the gateway has its own codec. Throws, naming the file, for a set that @grpc/proto-loader cannot read.
 */
export function loadServices(files: readonly string[]): Services {
  return new Map([BUILT_IN, ...files].flatMap(readServices));
}

/**
 * Returns the services of all sets, for every upstream the same: its calls name their RPC, and a channel carries all of
 * them. Which service is whose is said by the contract alone.
 */
export function packageOf(services: Services): UpstreamPackage {
  const [name] = [...services.keys()];
  if (name === undefined) throw new Error('no descriptor set has a service');
  const dot = name.lastIndexOf('.');
  return {
    packageDefinition: Object.fromEntries(services),
    package: name.slice(0, dot),
    service: name.slice(dot + 1),
  };
}

function readServices(file: string | URL): [string, ServiceDefinition][] {
  try {
    const definitions = Object.entries(loadFileDescriptorSetFromBuffer(readFileSync(file)));
    return definitions.flatMap(([name, definition]) => (isService(definition) ? [[name, onBytes(definition)]] : []));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(
      `${String(file)}: @grpc/proto-loader cannot read it, so grpc-js cannot be the transport: ${reason}`,
    );
  }
}

/** Messages and enums of a package definition have a `format`; a service is a map of its methods. */
function isService(definition: PackageDefinition[string]): definition is ServiceDefinition {
  return !('format' in definition);
}

function onBytes(service: ServiceDefinition): ServiceDefinition {
  return Object.fromEntries(Object.entries(service).map(([name, method]) => [name, { ...method, ...BYTES }]));
}

function identity(bytes: object): Buffer {
  return bytes as Buffer;
}
