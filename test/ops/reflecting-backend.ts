import { readFileSync } from 'node:fs';
import { createFileRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation } from 'grpc-health-check';

const DESCRIPTORS = new URL('../../src/gen/descriptors.binpb', import.meta.url);
const REFLECTION = ['v1', 'v1alpha'] as const;

/** Descriptors that a backend publishes by server reflection. */
export interface Reflected {
  /** Changes the file of its contract. */
  readonly change?: (file: FileDescriptorProto) => void;
  /** Versions of server reflection that it offers; both unless given. */
  readonly versions?: readonly (typeof REFLECTION)[number][];
  /** Begins the stream, and never answers. */
  readonly hangs?: boolean;
  /** 0 or nothing: any free one. */
  readonly port?: number;
}

/** A real grpc-js server with health and reflection, and no other service. */
export interface ReflectingBackend {
  readonly port: number;
  readonly address: string;
  close(): void;
}

/** Starts a server that describes itself as `<name>/v1/<name>.proto` does. */
export async function reflectingBackend(name: string, options: Reflected = {}): Promise<ReflectingBackend> {
  const { versions = REFLECTION, hangs = false } = options;
  const server = new Server();
  new HealthImplementation({ '': 'SERVING' }).addToServer(server);
  if (versions.length > 0) new ReflectionService(definitions(name, options.change)).addToServer(server);
  for (const version of REFLECTION) {
    const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    if (!versions.includes(version) || hangs) server.unregister(path);
    if (hangs)
      server.register(
        path,
        () => undefined,
        (value: Buffer) => value,
        (value: Buffer) => value,
        'bidi',
      );
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${options.port ?? 0}`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, address: `127.0.0.1:${port}`, close: () => server.forceShutdown() };
}

function definitions(name: string, change: Reflected['change']): PackageDefinition {
  const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(DESCRIPTORS)));
  const fileDescriptorProtos = [...registry.files].map(({ proto }) => {
    if (proto.name === `${name}/v1/${name}.proto`) change?.(proto);
    return Buffer.from(toBinary(FileDescriptorProtoSchema, proto));
  });
  const type = { format: 'Protocol Buffer 3 DescriptorProto', type: {}, fileDescriptorProtos };
  return { [name]: type } as unknown as PackageDefinition;
}
