import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import type { SandboxEnvironment } from '../../sandbox/environment.js';
import { Access, CacheScope, type PolicySchema } from '../../src/gen/gateway/v1/policy_pb.js';
import { descriptorFile } from './descriptor-file.js';
import { startTestGateway, type TestGateway } from './gateway.js';
import { type BytesCall, type BytesStream, grpcBackend } from './grpc-backend.js';
import { shapeService, shapesWith } from './shapes.js';

export type PolicyInit = Exclude<MessageInitShape<typeof PolicySchema>, { $typeName: string }>;

const ROTATE = '/shapes.v1.ShapeService/RotateShape';

/** ListShapes as its proto has it: cached for 5 s for all of a tenant. */
export const TENANT_CACHE: PolicyInit = {
  access: Access.AUTHENTICATED,
  tenantField: 'tenant_id',
  redact: ['shapes.client_secret'],
  responseTenantFields: ['shapes.tenant_id'],
  cache: { ttl: { seconds: 5n }, scope: CacheScope.TENANT, staleIfError: { seconds: 60n } },
};

/** The same, for each caller alone. */
export const USER_CACHE: PolicyInit = { ...TENANT_CACHE, cache: { ttl: { seconds: 5n }, scope: CacheScope.USER } };

/**
 * A backend of GET /shapes/v1/shapes with a policy of the test's. Each of its answers has another name: `v1`, `v2`, …
 * POST /shapes/v1/shapes/one:rotate writes.
 */
export class ShapesBackend {
  /** Calls so far. */
  calls = 0;
  /** Follows the name in each answer. */
  suffix = '';
  /** Delay or failure of a call. */
  before: (call: BytesCall) => Promise<void> | void = () => undefined;
  /** Response to a write: the bytes of a shape. */
  written: Buffer = Buffer.alloc(0);
  /** Writes so far. */
  writes = 0;
  /** Delay or failure of a write. */
  beforeWrite: () => Promise<void> | void = () => undefined;
  /** Answers a write that is a stream. */
  stream: (call: BytesStream) => void = (call) => call.end();
  private isMangled = false;
  private readonly closers: (() => void)[] = [];

  private constructor(
    private readonly policy: PolicyInit,
    private readonly streamed: PolicyInit | undefined,
  ) {}

  /** @param writes policy of a write that is a server stream; without it writes are unary. */
  static async start(policy: PolicyInit, writes?: PolicyInit): Promise<ShapesBackend> {
    const shapes = new ShapesBackend(policy, writes);
    await shapes.listen();
    return shapes;
  }

  /** Settings of a gateway that serves it. */
  env: Readonly<Record<string, string>> = {};

  /** Fails every call from now on with a gRPC code. */
  fail(code: number): void {
    this.before = () => {
      throw Object.assign(new Error('no shapes today'), { code });
    };
  }

  /** Answers every read from now on with bytes that are not a message. */
  mangle(): void {
    this.isMangled = true;
  }

  recover(): void {
    this.isMangled = false;
    this.before = () => undefined;
    this.beforeWrite = () => undefined;
  }

  close(): void {
    for (const close of this.closers.splice(0)) close();
  }

  private async write(): Promise<Buffer> {
    this.writes += 1;
    await this.beforeWrite();
    return this.written;
  }

  private async listen(): Promise<void> {
    const service = shapesWith({
      ListShapes: { policy: this.policy },
      RotateShape: {
        policy: { access: Access.AUTHENTICATED, redact: ['client_secret'], ...this.streamed },
        edit: (rpc) => (rpc.serverStreaming = this.streamed !== undefined),
      },
    });
    const method = service.method['listShapes'];
    if (method === undefined) throw new Error('ListShapes is not in the test set');
    const descriptors = descriptorFile(service);
    const backend = await grpcBackend({
      unary: {
        '/shapes.v1.ShapeService/ListShapes': async (call) => {
          this.calls += 1;
          const name = `v${this.calls}${this.suffix}`;
          await this.before(call);
          if (this.isMangled) return Buffer.of(0xff);
          const { tenantId } = fromBinary(method.input, call.request) as unknown as { tenantId: string };
          const shapes = [{ id: 'one', tenantId, name, clientSecret: 'hush' }];
          return Buffer.from(toBinary(method.output, create(method.output, { shapes } as never)));
        },
        ...(this.streamed === undefined && { [ROTATE]: () => this.write() }),
      },
      ...(this.streamed !== undefined && { stream: { [ROTATE]: (call) => this.stream(call) } }),
    });
    this.closers.push(
      () => descriptors.remove(),
      () => backend.close(),
    );
    this.env = { GATEWAY_DESCRIPTORS: descriptors.path, SHAPES_SERVICE_URL: backend.target.replace('dns:///', '') };
  }
}

/** The bytes of a shape that has nothing but a name. */
export function namedShape(name: string): Buffer {
  const { output } = shapeService.method['rotateShape'] ?? {};
  if (output === undefined) throw new Error('RotateShape is not in the test set');
  return Buffer.from(toBinary(output, create(output, { name } as never)));
}

/** A gateway in front of it. */
export function startShapesGateway(
  shapes: ShapesBackend,
  options: { readonly sandbox?: SandboxEnvironment; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<TestGateway> {
  return startTestGateway({ ...options, env: { ...shapes.env, ...options.env } });
}

/** The name of the one shape of an answer: which of the backend's answers it is. */
export async function versionOf(response: Response): Promise<string> {
  const { shapes } = (await response.json()) as { shapes: readonly { name: string }[] };
  return shapes.map(({ name }) => name).join(' ');
}
