import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import type { ServiceDefinition } from '@grpc/proto-loader';
import { loadDefinitions, serviceNames } from './definitions.js';
import type { Wire } from './wire.js';

const DEADLINE_MS = 10_000;

export interface ClientCallOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly deadlineMs?: number;
}

/** Calls the methods of one gRPC service by name, with messages in the loader's shape. */
export class BackendClient {
  readonly #service: ServiceDefinition;
  readonly #client: Client;

  constructor(address: string, service: ServiceDefinition) {
    this.#service = service;
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 100,
    });
  }

  /** A client of the one service of `<name>.v1`. */
  static of(name: string, address: string): BackendClient {
    const definitions = loadDefinitions(name);
    const [service = ''] = serviceNames(definitions);
    return new BackendClient(address, definitions[service] as ServiceDefinition);
  }

  /** Rejects with the ServiceError of the call. */
  unary<T>(method: string, request: object, options: ClientCallOptions = {}): Promise<Wire<T>> {
    const { path, requestSerialize, responseDeserialize } = this.#method(method);
    return new Promise((resolve, reject) => {
      const done = (error: ServiceError | null, response?: object) =>
        error === null ? resolve(response as Wire<T>) : reject(error);
      const settings = { deadline: Date.now() + (options.deadlineMs ?? DEADLINE_MS) };
      const metadata = metadataOf(options);
      this.#client.makeUnaryRequest(path, requestSerialize, responseDeserialize, request, metadata, settings, done);
    });
  }

  /** Opens a server stream; its errors come from the iterator. */
  stream(method: string, request: object, options: ClientCallOptions = {}) {
    const { path, requestSerialize, responseDeserialize } = this.#method(method);
    const metadata = metadataOf(options);
    return this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, metadata);
  }

  #method(name: string) {
    const method = this.#service[name];
    if (method === undefined) throw new Error(`no method ${name}; there are ${Object.keys(this.#service).join(', ')}`);
    return method;
  }

  close(): void {
    this.#client.close();
  }
}

function metadataOf({ metadata = {} }: ClientCallOptions): Metadata {
  return Metadata.fromHttp2Headers({ ...metadata });
}
