import {
  type handleUnaryCall,
  type Metadata,
  type sendUnaryData,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';

const identity = (bytes: Buffer): Buffer => bytes;
const ON_BYTES = {
  requestStream: false,
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
} as const;

export type BytesCall = ServerUnaryCall<Buffer, Buffer>;
export type BytesStream = ServerWritableStream<Buffer, Buffer>;

/** A real gRPC server whose handlers take and give the bytes of messages. Paths begin with a slash. */
export interface GrpcBackend {
  readonly target: string;
  readonly server: Server;
  close(): void;
}

export async function grpcBackend(handlers: {
  readonly unary?: Readonly<Record<string, (call: BytesCall) => Promise<Buffer> | Buffer>>;
  readonly stream?: Readonly<Record<string, (call: BytesStream) => void>>;
  readonly credentials?: ServerCredentials;
  /** Any free port when left out. */
  readonly address?: string;
}): Promise<GrpcBackend> {
  const server = new Server();
  for (const [path, handle] of Object.entries(handlers.unary ?? {})) {
    server.addService({ call: { path, responseStream: false, ...ON_BYTES } }, { call: unaryHandler(handle) });
  }
  for (const [path, call] of Object.entries(handlers.stream ?? {})) {
    server.addService({ call: { path, responseStream: true, ...ON_BYTES } }, { call });
  }
  const port = await new Promise<number>((resolve, reject) => {
    const credentials = handlers.credentials ?? ServerCredentials.createInsecure();
    server.bindAsync(handlers.address ?? '127.0.0.1:0', credentials, (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { target: `dns:///127.0.0.1:${port}`, server, close: () => server.forceShutdown() };
}

/** Metadata as a plain object. */
export function entries(metadata: Metadata): Record<string, unknown> {
  return metadata.getMap();
}

function unaryHandler(handle: (call: BytesCall) => Promise<Buffer> | Buffer): handleUnaryCall<Buffer, Buffer> {
  const respond = async (call: BytesCall, callback: sendUnaryData<Buffer>): Promise<void> => {
    try {
      callback(null, await handle(call));
    } catch (error) {
      callback(error as Error);
    }
  };
  return (call, callback) => void respond(call, callback);
}
