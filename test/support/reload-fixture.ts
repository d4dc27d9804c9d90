import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callAdmin } from './admin.js';
import { Client } from './client.js';
import { compileProto, type CompiledProto } from './compile-proto.js';
import { startTestGateway, type TestGateway } from './gateway.js';
import { type BytesStream, type GrpcBackend, grpcBackend } from './grpc-backend.js';

/** An id for which the backend waits: see {@link ReloadFixture.release}. */
export const SLOW = 'slow';
/** `Book` with an id, a title and a price. */
export const BOOK = Buffer.from('0a0131' + '1203446f65' + '1a0137', 'hex');

const OPEN = '{access: ACCESS_OPEN}';
const SHOWN = '{access: ACCESS_OPEN reveal: "price"}';

const rpc = (name: string, path: string, policy: string, returns = 'Book') =>
  `rpc ${name}(GetBookRequest) returns (${returns}) { option (google.api.http) = {get: "${path}"}; option (gateway.v1.policy) = ${policy}; }`;

const contract = (...rpcs: string[]) =>
  compileProto(`
message GetBookRequest { string id = 1; }
message Book { string id = 1; string title = 2; string price = 3; }
service BookService {
${rpcs.join('\n')}
}`);

const watch = (policy: string) => rpc('WatchBook', '/extra/v1/books/{id}:watch', policy, 'stream Book');

/** A gateway whose contracts and settings can be exchanged, and three contracts for it. */
export class ReloadFixture {
  readonly former = contract(
    rpc('GetBook', '/extra/v1/books/{id}', OPEN),
    rpc('GetOld', '/extra/v1/old', OPEN),
    watch('{access: ACCESS_AUTHENTICATED}'),
  );
  /** The price is hidden, GetOld is gone, and a new route takes a path that another one had. */
  readonly later = contract(
    rpc('GetBook', '/extra/v1/books/{id}', '{access: ACCESS_AUTHENTICATED redact: "price"}'),
    rpc('GetNewest', '/extra/v1/books/newest', SHOWN),
    rpc('GetElse', '/extra/v1/else/{id}', SHOWN),
    watch('{access: ACCESS_AUTHENTICATED reveal: "price"}'),
  );
  /** Fits a larger GATEWAY_GRPC_MAX_SEND_BYTES than the usual one. */
  readonly heavy = contract(rpc('GetBook', '/extra/v1/books/{id}', '{access: ACCESS_OPEN max_body_bytes: 8388608}'));
  readonly conflicting = contract(rpc('GetBook', '/extra/v1/{id}', OPEN), rpc('GetOld', '/extra/v1/{id}', OPEN));
  /** Content of the environment file. */
  settings: Readonly<Record<string, string>> = {};
  /** Has the backend answer for {@link SLOW}; undefined until it was asked. */
  release: (() => void) | undefined;
  streams: BytesStream[] = [];
  gateway!: TestGateway;
  alice!: Client;

  private readonly folder = mkdtempSync(join(tmpdir(), 'reload-'));
  readonly file = join(this.folder, 'set.binpb');
  private backend!: GrpcBackend;

  static async start(env: Readonly<Record<string, string>> = {}): Promise<ReloadFixture> {
    const fixture = new ReloadFixture();
    fixture.mount(fixture.former);
    fixture.backend = await fixture.startBackend();
    fixture.gateway = await startTestGateway({
      env: {
        GATEWAY_DESCRIPTORS: fixture.file,
        EXTRA_SERVICE_URL: fixture.backend.target,
        GATEWAY_EXTRA_TIMEOUT: '20s',
        // The well-known client takes contracts at the start alone.
        GATEWAY_EXTRA_GRPC_TRANSPORT: 'http2',
        GATEWAY_ADMIN_ADDR: '127.0.0.1:0',
        GATEWAY_HEALTH_INTERVAL: '1h',
        ...env,
      },
      reread: () => fixture.settings,
    });
    fixture.alice = await Client.of(fixture.gateway, 'alice@acme.test');
    return fixture;
  }

  /** Puts a contract where the gateway reads it from. */
  mount({ path }: CompiledProto): void {
    copyFileSync(path, this.file);
  }

  reloadTo(proto: CompiledProto): Promise<Response> {
    this.mount(proto);
    return callAdmin(this.gateway, 'POST', '/admin/reload');
  }

  /** Back to the settings of the start, and to the former contract. */
  async reset(): Promise<void> {
    this.settings = {};
    this.streams = [];
    this.release = undefined;
    this.mount(this.former);
    await this.gateway.gateway.reload();
  }

  async close(): Promise<void> {
    await this.gateway.close();
    this.backend.close();
    for (const proto of [this.former, this.later, this.heavy, this.conflicting]) proto.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private startBackend(): Promise<GrpcBackend> {
    const slowly = () => new Promise<Buffer>((resolve) => (this.release = () => resolve(BOOK)));
    const answer = () => BOOK;
    return grpcBackend({
      unary: {
        '/extra.v1.BookService/GetBook': ({ request }) => (request.includes(SLOW) ? slowly() : BOOK),
        '/extra.v1.BookService/GetOld': answer,
        '/extra.v1.BookService/GetNewest': answer,
        '/extra.v1.BookService/GetElse': answer,
      },
      stream: { '/extra.v1.BookService/WatchBook': (call) => void this.streams.push(call) },
    });
  }
}
