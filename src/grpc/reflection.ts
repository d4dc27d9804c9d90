import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { GatewayError } from '../domain/errors.js';
import { GrpcFailure } from './grpc-failure.js';
import type { Transport } from './transport.js';

/** Newest first; most servers offer the older one alone, or both. */
const SERVICES = ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'];
const METHOD = 'ServerReflectionInfo';
/** Bounds on what a backend may say of itself. */
const MAX_FILES = 128;
const MAX_BYTES = 8 * 1024 * 1024;
const MAX_SERVICES = 1000;
/** The deadline of a call beyond the signal's: what a slow reflection costs is no fault of the endpoint. */
const PAUSE_MS = 60_000;

/** Field numbers of ServerReflectionRequest. */
const REQUEST = { fileByFilename: 3, fileContainingSymbol: 4, listServices: 7 } as const;

/** A backend that does not describe itself. */
export class NoReflection extends Error {
  override readonly name = 'NoReflection';
}

/** Asks a backend what it serves, by gRPC server reflection (v1, else v1alpha), over the transport of its calls. */
export class ReflectionClient {
  private service: string | undefined;

  constructor(
    private readonly upstream: string,
    private readonly transport: Pick<Transport, 'serverStream'>,
    private readonly signal: AbortSignal,
  ) {}

  /** Full names of its services. Throws NoReflection, or the GatewayError of a call. */
  async listServices(): Promise<string[]> {
    const { services } = await this.ask(REQUEST.listServices, '*');
    return services.slice(0, MAX_SERVICES);
  }

  /**
   * Fetches the FileDescriptorProtos (as bytes, by their content once each) that hold these services, and their imports as far as the
   * backend has them. Services that it does not know are left out.
   */
  async fetchFiles(services: readonly string[], importsOf: (file: Uint8Array) => FileNames): Promise<Uint8Array[]> {
    const files = new Map<string, Uint8Array>();
    const wanted: string[] = [];
    let bytes = 0;
    const add = (found: readonly Uint8Array[]) => {
      for (const file of found) {
        const { name, imports } = importsOf(file);
        if (files.has(name)) continue;
        bytes += file.length;
        if (files.size >= MAX_FILES || bytes > MAX_BYTES) throw new Error('its descriptors are too large to compare');
        files.set(name, file);
        wanted.push(...imports);
      }
    };
    for (const service of services) add((await this.ask(REQUEST.fileContainingSymbol, service)).files);
    for (const name of wanted) if (!files.has(name)) add((await this.ask(REQUEST.fileByFilename, name)).files);
    return [...files.values()];
  }

  private async ask(field: number, text: string): Promise<ReflectionResponse> {
    const request = new BinaryWriter().tag(field, WireType.LengthDelimited).string(text).finish();
    const services = this.service === undefined ? SERVICES : [this.service];
    for (const service of services) {
      try {
        const response = readResponse(await this.exchange(service, request));
        this.service = service;
        return response;
      } catch (error) {
        if (!isUnimplemented(error)) throw error;
      }
    }
    throw new NoReflection('it does not offer server reflection');
  }

  /** One request, one response: a bidirectional stream whose client half is closed after its first message. */
  private async exchange(service: string, request: Uint8Array): Promise<Uint8Array> {
    const { upstream, signal } = this;
    const stream = this.transport.serverStream({
      method: { upstream, service, name: METHOD, path: `/${service}/${METHOD}` },
      request,
      metadata: {},
      deadlineAt: performance.now() + PAUSE_MS,
      signal,
    });
    for await (const message of stream) return message;
    throw new Error('it ended without a response');
  }
}

/** Name of a file and of those that it imports. */
export interface FileNames {
  readonly name: string;
  readonly imports: readonly string[];
}

interface ReflectionResponse {
  readonly files: Uint8Array[];
  readonly services: string[];
}

/** Reads a ServerReflectionResponse; an error response (not found) is an empty one. Throws for bytes that are not one. */
function readResponse(bytes: Uint8Array): ReflectionResponse {
  const files: Uint8Array[] = [];
  const services: string[] = [];
  eachField(bytes, (field, value) => {
    if (field === 4) eachField(value, (inner, file) => void (inner === 1 && files.push(file)));
    if (field === 6) eachField(value, (inner, service) => void (inner === 1 && services.push(nameOf(service))));
  });
  return { files, services };
}

function nameOf(service: Uint8Array): string {
  let name = '';
  eachField(service, (field, value) => void (field === 1 && (name = Buffer.from(value).toString())));
  return name;
}

/** Calls back for each length-delimited field. Throws for bytes that are not a message. */
function eachField(bytes: Uint8Array, onField: (field: number, value: Uint8Array) => void): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type === WireType.LengthDelimited) onField(field, reader.bytes());
    else reader.skip(type, field);
  }
}

function isUnimplemented(error: unknown): boolean {
  const { cause } = GatewayError.from(error);
  return cause instanceof GrpcFailure && cause.grpcCode === 'UNIMPLEMENTED';
}
