import {
  type DescMethod,
  type FileRegistry,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';

const asIs = (bytes: Uint8Array) => Buffer.from(bytes);

/** Calls RPCs of a descriptor set with messages in canonical JSON, whatever the service. */
export class ByteClient {
  private readonly client: Client;

  constructor(
    address: string,
    private readonly registry: FileRegistry,
    private readonly deadlineMs = 10_000,
  ) {
    this.client = new Client(address, credentials.createInsecure());
  }

  /** Rejects with the ServiceError of the call. */
  unary(rpc: DescMethod, request: JsonValue, metadata: Record<string, string> = {}): Promise<JsonValue> {
    const { path, bytes, options } = this.prepare(rpc, request);
    return new Promise((resolve, reject) => {
      const done = (error: ServiceError | null, response?: Buffer) =>
        error === null ? resolve(this.read(rpc, response)) : reject(error);
      this.client.makeUnaryRequest(path, asIs, asIs, bytes, metadataOf(metadata), options, done);
    });
  }

  /** Resolves with all messages of a server stream. Rejects with the ServiceError that ends it. */
  async stream(rpc: DescMethod, request: JsonValue, metadata: Record<string, string> = {}): Promise<JsonValue[]> {
    const { path, bytes, options } = this.prepare(rpc, request);
    const messages: JsonValue[] = [];
    const call = this.client.makeServerStreamRequest(path, asIs, asIs, bytes, metadataOf(metadata), options);
    for await (const message of call as AsyncIterable<Buffer>) messages.push(this.read(rpc, message));
    return messages;
  }

  /** Sends all messages, then ends its half: of a client stream there is one response, of a bidirectional one many. */
  async duplex(rpc: DescMethod, requests: readonly JsonValue[]): Promise<JsonValue[]> {
    const { path, options } = this.prepare(rpc, {});
    const call = this.client.makeBidiStreamRequest(path, asIs, asIs, new Metadata(), options);
    for (const request of requests) call.write(this.prepare(rpc, request).bytes);
    call.end();
    const messages: JsonValue[] = [];
    for await (const message of call as AsyncIterable<Buffer>) messages.push(this.read(rpc, message));
    return messages;
  }

  close(): void {
    this.client.close();
  }

  private prepare(rpc: DescMethod, request: JsonValue) {
    const bytes = toBinary(rpc.input, fromJson(rpc.input, request, { registry: this.registry }));
    return { path: `/${rpc.parent.typeName}/${rpc.name}`, bytes, options: { deadline: Date.now() + this.deadlineMs } };
  }

  private read({ output }: DescMethod, bytes: Uint8Array = new Uint8Array()): JsonValue {
    return toJson(output, fromBinary(output, bytes), { registry: this.registry });
  }
}

function metadataOf(entries: Record<string, string>): Metadata {
  return Metadata.fromHttp2Headers(entries);
}
