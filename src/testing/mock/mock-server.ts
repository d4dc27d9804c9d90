import { type DescMethod, type DescService, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';
import { DescriptorError, type Descriptors } from '../../contract/descriptors.js';
import { ExampleMessages } from './example-message.js';
import { MockFaults, pathOf } from './mock-fault.js';
import { mockHandler, type MockStream } from './mock-handler.js';
import { MockResponses } from './mock-responses.js';

/** Options of a mock. */
export interface MockOptions {
  /** `host:port`, or `unix:/path`; port 0 takes any free port. Default: any free port of 127.0.0.1. */
  readonly listen?: string;
  /** Number of items of a list over all pages; default 25. */
  readonly items?: number;
  /** Number of messages of a server stream, and the pause between them; default 5 and 200 ms. */
  readonly stream?: MockStream;
  /** `Method=CODE`, `package.Service/Method=CODE`, or `*=CODE`. */
  readonly fail?: readonly string[];
  /** `Method=300ms`, or `300ms` for all. */
  readonly delay?: readonly string[];
}

/** Running mock. */
export interface Mock {
  /** `host:port` or `unix:/path`, for `<NAME>_SERVICE_URL`. */
  readonly address: string;
  readonly services: readonly DescService[];
  /** Ends all calls and closes the port. */
  close(): void;
}

const LISTEN = '127.0.0.1:0';
const ITEMS = 25;
const STREAM: MockStream = { messages: 5, intervalMs: 200 };
const MAX_STREAMS = 1_000;

/**
 * Starts a gRPC server that serves each RPC of descriptor sets with example responses, with health and reflection.
 * Throws MockFaultError for faults of unknown RPCs, DescriptorError for sets without a service, and Error for an address
 * that cannot be listened on.
 */
export async function startMock(descriptors: Descriptors, options: MockOptions = {}): Promise<Mock> {
  const services = mockedServices(descriptors);
  if (services.length === 0) {
    throw new DescriptorError(
      descriptors.sets.slice(1).map(({ source }) => `${source}: holds no service to answer for`),
    );
  }
  const faults = new MockFaults(
    services.flatMap(({ methods }) => methods),
    { fail: options.fail ?? [], delay: options.delay ?? [] },
  );
  const examples = new ExampleMessages(descriptors.comments);
  const server = new Server({ 'grpc.max_concurrent_streams': MAX_STREAMS });
  for (const service of services) {
    const handlers = service.methods.map((method) => {
      const responses = new MockResponses(method, examples, options.items ?? ITEMS);
      return [method.name, mockHandler({ method, responses, faults, stream: options.stream ?? STREAM })] as const;
    });
    server.addService(definitionOf(service), Object.fromEntries(handlers));
  }
  addHealthAndReflection(server, services);
  const listen = options.listen ?? LISTEN;
  const port = await bind(server, listen);
  const address = listen.startsWith('unix:') ? listen : listen.replace(/\d+$/, String(port));
  return { address, services, close: () => server.forceShutdown() };
}

/** Returns the services of the mounted sets, without those of the gateway's own set and of the mock itself. */
export function mockedServices({ sets }: Descriptors): readonly DescService[] {
  const [, ...mounted] = sets;
  const services = mounted.flatMap(({ registry }) => [...registry].filter((type) => type.kind === 'service'));
  const isOurs = ({ typeName }: DescService) =>
    typeName.startsWith('grpc.health.') || typeName.startsWith('grpc.reflection.');
  return [...new Map(services.filter((each) => !isOurs(each)).map((each) => [each.typeName, each])).values()];
}

function bind(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}

/** Passes messages through as bytes, since the codec of the gateway reads and writes them. */
function definitionOf({ methods }: DescService): ServiceDefinition {
  return Object.fromEntries(methods.map((method) => [method.name, methodDefinition(method)]));
}

function methodDefinition(method: DescMethod) {
  const isStream = (...kinds: string[]) => kinds.includes(method.methodKind);
  const asBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    path: pathOf(method),
    originalName: method.name,
    requestStream: isStream('client_streaming', 'bidi_streaming'),
    responseStream: isStream('server_streaming', 'bidi_streaming'),
    requestSerialize: asBuffer,
    requestDeserialize: asBuffer,
    responseSerialize: asBuffer,
    responseDeserialize: asBuffer,
  };
}

function addHealthAndReflection(server: Server, services: readonly DescService[]): void {
  const names = services.map(({ typeName }) => typeName);
  new HealthImplementation(Object.fromEntries(['', ...names].map((name) => [name, 'SERVING']))).addToServer(server);
  new ReflectionService(reflected(services), { services: [...names, 'grpc.health.v1.Health'] }).addToServer(server);
}

/** Returns the files for reflection: those of the services and all their imports. */
function reflected(services: readonly DescService[]): PackageDefinition {
  const files = new Set(services.map(({ file }) => file));
  for (const file of files) for (const imported of file.dependencies) files.add(imported);
  const fileDescriptorProtos = [...files].map(({ proto }) => Buffer.from(toBinary(FileDescriptorProtoSchema, proto)));
  const type = { format: 'Protocol Buffer 3 DescriptorProto', type: {}, fileDescriptorProtos };
  return { mock: type } as unknown as PackageDefinition;
}
