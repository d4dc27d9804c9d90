import { readFileSync } from 'node:fs';
import { loadFileDescriptorSetFromBuffer, type PackageDefinition, type ServiceDefinition } from '@grpc/proto-loader';

const BUILT_IN = new URL('../../gen/descriptors.binpb', import.meta.url);

/** Services by their full name: `user.v1.UserService`. */
export type Services = ReadonlyMap<string, ServiceDefinition>;

/** What Nest's gRPC client is opened with: services of one upstream, and one of them to fetch the client by. */
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
/** For an upstream that no descriptor set has a service of: the health service, which every one may have. */
const HEALTH: UpstreamPackage = {
  packageDefinition: {
    'grpc.health.v1.Health': {
      Check: { path: '/grpc.health.v1.Health/Check', requestStream: false, responseStream: false, ...BYTES },
    } as unknown as ServiceDefinition,
  },
  package: 'grpc.health.v1',
  service: 'Health',
};

/**
 * Reads the services of the built-in descriptor set and of the mounted ones (GATEWAY_DESCRIPTORS). Messages stay bytes:
 * the gateway has its own codec. Throws, naming the file, for a set that @grpc/proto-loader cannot read.
 */
export function loadServices(files: readonly string[]): Services {
  return new Map([BUILT_IN, ...files].flatMap(readServices));
}

/** Returns the services whose proto package begins with the upstream's name. */
export function upstreamPackage(upstream: string, services: Services): UpstreamPackage {
  const own = [...services].filter(([name]) => name.startsWith(`${upstream}.`));
  const [first] = own;
  if (first === undefined) return HEALTH;
  const [name] = first;
  const dot = name.lastIndexOf('.');
  return { packageDefinition: Object.fromEntries(own), package: name.slice(0, dot), service: name.slice(dot + 1) };
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
