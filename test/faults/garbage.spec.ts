import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { UserSchema } from '../../src/gen/user/v1/user_pb.js';
import { gzipBomb, HUGE_HEADERS } from '../support/broken-replies.js';
import { NO_CIRCUIT } from '../support/fault-settings.js';
import { FaultFixture } from '../support/fault-fixture.js';
import { answer, frame, html, type Http2Reply, trailersOnly } from '../support/http2-stub.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { ALICE, GOOD, BackendStub } from '../support/backend-stub.js';

const USER = '/api/v1/users/acme-alice';
const OK = { 'grpc-status': '0' };
const GZIP = { 'grpc-encoding': 'gzip' };
const ERRORS = 'upstream_grpc_errors_total{upstream="user",method="GetUser"}';
const MEMORY = 'process_resident_memory_bytes';
const MIB = 1_048_576;

/** A User whose name is not valid UTF-8. */
function invalidUtf8(): Buffer {
  const bytes = Buffer.from(toBinary(UserSchema, create(UserSchema, { tenantId: 'acme', displayName: 'XXX' })));
  return Buffer.concat([bytes.subarray(0, -3), Buffer.of(0xff, 0xc0, 0x80)]);
}

const GARBAGE: readonly (readonly [what: string, reply: Http2Reply])[] = [
  ...['abc', '99', '-1', '5.5', '00', '2147483648', ''].map(
    (value) => [`grpc-status "${value}"`, trailersOnly({ 'grpc-status': value })] as const,
  ),
  ['no grpc-status', trailersOnly({})],
  ['a message and no grpc-status', answer(frame(ALICE), { x: 'y' })],
  ['OK without a message', trailersOnly(OK)],
  ['two messages', answer(Buffer.concat([frame(ALICE), frame(ALICE)]), OK)],
  ['a truncated message', answer(frame(ALICE, { length: 100 }), OK)],
  ['a compressed flag without an encoding', answer(frame(ALICE, { compressed: true }), OK)],
  ['bad gzip', answer(frame(ALICE, { compressed: true }), OK, GZIP)],
  ['a gzip bomb of 200 MiB', answer(frame(gzipBomb(), { compressed: true }), OK, GZIP)],
  ['a length prefix of 4 GiB', answer(frame(ALICE, { length: 2 ** 32 - 1 }), OK)],
  ['200 text/html', html(200, '<html>'.repeat(20))],
  ['headers over 64 KiB', HUGE_HEADERS],
  ['HTTP 401 of a mesh', html(401)],
  ['HTTP 403 of a mesh', html(403)],
  ['HTTP 404 of a proxy', html(404)],
];
const UNREADABLE: readonly (readonly [what: string, reply: Http2Reply])[] = [
  ['bytes that are no message', answer(frame(Buffer.from('no protobuf')), OK)],
  ['invalid UTF-8 in a string', answer(frame(invalidUtf8()), OK)],
];
const FAULTS = [
  ...[...GARBAGE, ...UNREADABLE].map(([what, reply]) => [what, reply, 'UPSTREAM_ERROR'] as const),
  ['HTTP 503 of a proxy', html(503), 'UPSTREAM_UNAVAILABLE'] as const,
];

/** Headers that an answer may not get from what a backend says. */
const EVIL = 'no such user%0d%0aset-cookie: evil=1%0d%0a%0d%0a<html>';
/** A fault of the client is reported as such, whatever else the response contains. */
const MISLEADING: readonly (readonly [what: string, reply: Http2Reply, code: string])[] = [
  ['a grpc-message with line ends', trailersOnly({ 'grpc-status': '5', 'grpc-message': EVIL }), 'NOT_FOUND'],
  ['the same for a fault', trailersOnly({ 'grpc-status': '13', 'grpc-message': EVIL }), 'UPSTREAM_ERROR'],
  [
    'details that are no base64',
    trailersOnly({ 'grpc-status': '5', 'grpc-status-details-bin': '!!not base64!!' }),
    'NOT_FOUND',
  ],
  [
    'details that are no message',
    trailersOnly({ 'grpc-status': '3', 'grpc-status-details-bin': Buffer.alloc(40, 0xff).toString('base64') }),
    'INVALID_ARGUMENT',
  ],
];

describe('garbage from a backend (FI-5)', () => {
  let stub: BackendStub;
  let proxy: TcpProxy;
  let faults: FaultFixture;

  beforeAll(async () => {
    stub = await BackendStub.start();
    proxy = await TcpProxy.to(stub.address);
    const env = { ...NO_CIRCUIT, USER_SERVICE_URL: proxy.address, GATEWAY_USER_TIMEOUT: '2s' };
    faults = await FaultFixture.start({ isProcess: true, env });
  });
  afterAll(async () => {
    await faults.close();
    await proxy.close();
    await stub.close();
  });
  afterEach(() => {
    stub.reply = GOOD;
  });

  it.each(FAULTS)('is a fault of the backend: %s', async (_what, reply, code) => {
    stub.reply = reply;
    const answered = await faults.ask(USER);
    expect(answered.code).toBe(code);
    stub.reply = GOOD;
    expect(await faults.code(USER)).toBe('200');
    expect(stub.openStreams).toBe(0);
    await faults.expectSound(ERRORS);
  });

  it.each([
    ['HTTP/1.1', 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nSet-Cookie: evil=1\r\n\r\n'],
    ['nothing of any protocol', '\0\u00ff\r\n'.repeat(100)],
  ])('is no connection where it speaks %s, until it speaks gRPC', async (_what, bytes) => {
    const server = createServer((socket) => socket.on('error', () => undefined).end(bytes)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy.target = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    await proxy.cut();
    await proxy.repair();
    const isDown = async () => (await faults.code(USER)) === 'UPSTREAM_UNAVAILABLE';
    await expect.poll(isDown).toBe(true);
    expect(new Set(await faults.codes(USER, 5))).toEqual(new Set(['UPSTREAM_UNAVAILABLE']));
    proxy.target = stub.address;
    await expect.poll(() => faults.code(USER)).toBe('200');
    server.close();
    await faults.expectSound('upstream_grpc_connection_failures_total{upstream="user"}');
  });

  it.each(MISLEADING)('puts nothing into an answer: %s', async (_what, reply, code) => {
    stub.reply = reply;
    const { code: told, headers, body } = await faults.ask(USER);
    expect(told).toBe(code);
    expect(headers.get('set-cookie')).toBeNull();
    expect(body).not.toContain('\r');
    expect((JSON.parse(body) as { errors: unknown[] }).errors).toEqual([]);
    await faults.expectSound(ERRORS);
  });

  it('leaves the memory as it was, bombs and all', async () => {
    const rounds = async () => {
      for (const [, reply] of [...GARBAGE, ...UNREADABLE]) {
        stub.reply = reply;
        await faults.ask(USER);
      }
    };
    await rounds();
    const before = await faults.metric(MEMORY);
    for (let n = 0; n < 3; n++) await rounds();
    expect((await faults.metric(MEMORY)) - before).toBeLessThan(20 * MIB);
    await faults.expectSound(ERRORS);
  });
});
