import { create, toBinary } from '@bufbuild/protobuf';
import type { IncomingHttpHeaders } from 'node:http2';
import { UserSchema } from '../../src/gen/user/v1/user_pb.js';
import { answer, frame, http2Stub, type Http2Reply, type Http2Stub, trailersOnly } from './http2-stub.js';

/** Alice, as UserService gives her. */
export const ALICE = Buffer.from(
  toBinary(UserSchema, create(UserSchema, { id: 'acme-alice', tenantId: 'acme', displayName: 'Alice' })),
);

/** The right answer to whoever asks for her, or changes her. */
export const GOOD: Http2Reply = answer(frame(ALICE), { 'grpc-status': '0' });
/** No answer. */
export const SILENT: Http2Reply = () => undefined;

/** In place of a backend: does to each call what a test says, and knows nothing of health checks. */
export class BackendStub {
  reply: Http2Reply = GOOD;
  /** Calls that arrived: their headers. */
  readonly calls: IncomingHttpHeaders[] = [];
  /** Calls that the gateway reset. */
  resets = 0;
  private readonly open = new Set<unknown>();

  private constructor(readonly http2: Http2Stub) {}

  static async start(): Promise<BackendStub> {
    const stub = new BackendStub(await http2Stub());
    stub.http2.reply = (stream, headers) => stub.take(stream, headers);
    return stub;
  }

  /** host:port. */
  get address(): string {
    return this.http2.target.replace('ipv4:', '');
  }

  /** Streams that neither side has ended. */
  get openStreams(): number {
    return this.open.size;
  }

  /** Calls of a method that arrived. */
  callsOf(method: string): number {
    return this.calls.filter((headers) => String(headers[':path']).endsWith(`/${method}`)).length;
  }

  close(): Promise<void> {
    return this.http2.close();
  }

  private take(...[stream, headers]: Parameters<Http2Reply>): void {
    if (String(headers[':path']).startsWith('/grpc.health.'))
      return trailersOnly({ 'grpc-status': '12' })(stream, headers);
    this.calls.push(headers);
    this.open.add(stream);
    stream.once('aborted', () => (this.resets += 1));
    stream.once('close', () => this.open.delete(stream));
    this.reply(stream, headers);
  }
}
