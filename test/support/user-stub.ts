import { create, toBinary } from '@bufbuild/protobuf';
import type { IncomingHttpHeaders } from 'node:http2';
import { UserSchema } from '../../src/gen/user/v1/user_pb.js';
import { answer, frame, http2Stub, type Http2Reply, type Http2Stub, trailersOnly } from './http2-stub.js';

/** Alice, as UserService gives her. */
export const ALICE = Buffer.from(
  toBinary(UserSchema, create(UserSchema, { id: 'acme-alice', tenantId: 'acme', displayName: 'Alice' })),
);

/** The right answer. */
export const GOOD: Http2Reply = answer(frame(ALICE), { 'grpc-status': '0' });

/** In place of UserService: does to each call what a test says. It knows nothing of health checks. */
export class UserStub {
  reply: Http2Reply = GOOD;
  /** Calls that arrived. */
  readonly calls: IncomingHttpHeaders[] = [];
  /** Calls that the gateway reset. */
  resets = 0;
  private readonly open = new Set<unknown>();

  private constructor(readonly http2: Http2Stub) {}

  static async start(): Promise<UserStub> {
    const stub = new UserStub(await http2Stub());
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

  close(): Promise<void> {
    return this.http2.close();
  }

  private take(...[stream, headers]: Parameters<Http2Reply>): void {
    if (!String(headers[':path']).startsWith('/user.')) return trailersOnly({ 'grpc-status': '12' })(stream, headers);
    this.calls.push(headers);
    this.open.add(stream);
    stream.once('aborted', () => (this.resets += 1));
    stream.once('close', () => this.open.delete(stream));
    this.reply(stream, headers);
  }
}
