import { create, toBinary } from '@bufbuild/protobuf';
import { type Any, anyPack } from '@bufbuild/protobuf/wkt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failureOf } from '../../test/support/failure.js';
import { answer, http2Stub, type Http2Stub, trailersOnly } from '../../test/support/http2-stub.js';
import { getUserCall, type Open, TRANSPORTS, upstreamConfig } from '../../test/support/transport.js';
import type { UpstreamTransport } from './transport.js';
import type { GatewayErrorCode } from '../domain/errors.js';
import { BadRequestSchema, RetryInfoSchema } from '../gen/google/rpc/error_details_pb.js';
import { StatusSchema } from '../gen/google/rpc/status_pb.js';
import { GRPC_CODES, type GrpcCode } from './grpc-code.js';

interface Expected {
  readonly code: GatewayErrorCode;
  /** The backend's words reach the client. */
  readonly told: boolean;
  readonly fault: boolean;
}

const TABLE: Readonly<Record<Exclude<GrpcCode, 'OK'>, Expected>> = {
  CANCELLED: { code: 'UPSTREAM_ERROR', told: false, fault: true },
  UNKNOWN: { code: 'UPSTREAM_ERROR', told: false, fault: true },
  INVALID_ARGUMENT: { code: 'INVALID_ARGUMENT', told: true, fault: false },
  DEADLINE_EXCEEDED: { code: 'UPSTREAM_TIMEOUT', told: false, fault: true },
  NOT_FOUND: { code: 'NOT_FOUND', told: true, fault: false },
  ALREADY_EXISTS: { code: 'ALREADY_EXISTS', told: true, fault: false },
  PERMISSION_DENIED: { code: 'PERMISSION_DENIED', told: true, fault: false },
  RESOURCE_EXHAUSTED: { code: 'UPSTREAM_RATE_LIMITED', told: false, fault: false },
  FAILED_PRECONDITION: { code: 'FAILED_PRECONDITION', told: true, fault: false },
  ABORTED: { code: 'ABORTED', told: true, fault: false },
  OUT_OF_RANGE: { code: 'OUT_OF_RANGE', told: true, fault: false },
  UNIMPLEMENTED: { code: 'UPSTREAM_UNIMPLEMENTED', told: false, fault: false },
  INTERNAL: { code: 'UPSTREAM_ERROR', told: false, fault: true },
  UNAVAILABLE: { code: 'UPSTREAM_UNAVAILABLE', told: false, fault: true },
  DATA_LOSS: { code: 'UPSTREAM_ERROR', told: false, fault: true },
  UNAUTHENTICATED: { code: 'UPSTREAM_ERROR', told: false, fault: false },
};
const ROWS = Object.entries(TABLE) as [GrpcCode, Expected][];

let stub: Http2Stub;
let transport: UpstreamTransport;

afterEach(async () => {
  transport.close();
  await stub.close();
});

async function begin(open: Open): Promise<void> {
  stub = await http2Stub();
  transport = open(upstreamConfig(stub.target));
}

/** Trailers of a status with its message percent-encoded, as gRPC servers send it. */
function status(code: GrpcCode, message: string): Record<string, string> {
  return { 'grpc-status': String(GRPC_CODES.indexOf(code)), 'grpc-message': encodeURI(message) };
}

function failing(): ReturnType<typeof failureOf> {
  return failureOf(transport.unary(getUserCall()));
}

describe.each(TRANSPORTS)("a backend's own status over $name", ({ open }) => {
  beforeEach(() => begin(open));

  it.each(ROWS)('%s becomes the code of its row, alone or after headers', async (grpcCode, { code, told, fault }) => {
    const trailers = status(grpcCode, 'the secret marker');
    for (const reply of [trailersOnly(trailers), answer(Buffer.alloc(0), trailers)]) {
      stub.reply = reply;
      const { error, failure } = await failing();
      expect(error.code).toBe(code);
      expect(error.detail.includes('the secret marker')).toBe(told);
      expect(failure).toMatchObject({ grpcCode, origin: 'app', backendFault: fault, details: 'the secret marker' });
    }
  });

  it('says nothing about the connection, whatever words it uses', async () => {
    stub.reply = trailersOnly(status('UNAVAILABLE', 'connect ECONNREFUSED 10.0.0.5:5432, my database'));
    const { error, failure } = await failing();
    expect(failure).toMatchObject({ connection: undefined, phrase: 'service unavailable' });
    expect(error.detail).toBe('The "user" service cannot answer now: service unavailable.');
    expect(error.retryAfterSeconds).toBe(5);
  });

  it.each(['Login', 'RefreshToken'])(
    "UNAUTHENTICATED is the caller's when AuthService judges credentials: %s",
    async (name) => {
      stub.reply = trailersOnly(status('UNAUTHENTICATED', 'wrong password'));
      const method = { upstream: 'auth', service: 'auth.v1.AuthService', name, path: `/auth.v1.AuthService/${name}` };
      const { error, failure } = await failureOf(transport.unary(getUserCall({ method })));
      expect(error).toMatchObject({ code: 'UNAUTHENTICATED', detail: 'wrong password' });
      expect(failure.backendFault).toBe(false);
    },
  );

  it('shows its text on one line, well-formed and short', async () => {
    stub.reply = trailersOnly({ 'grpc-status': '5', 'grpc-message': `no%0D%0ASet-Cookie: a=b%00${'x'.repeat(600)}` });
    const { error } = await failing();
    expect(error.detail).toHaveLength(511);
    expect(error.detail).toMatch(/^no Set-Cookie: a=b x+$/);
  });

  it('has a text of its own when the backend gave none', async () => {
    stub.reply = trailersOnly({ 'grpc-status': '5' });
    expect((await failing()).error.detail).toBe('Not found.');
  });
});

describe.each(TRANSPORTS)('a rich status over $name', ({ open }) => {
  beforeEach(() => begin(open));

  const fieldViolations = [
    { field: 'user.display_name', description: 'is too\r\nlong' },
    { field: 'users[1].labels["team_a"].value_', description: 'is not allowed' },
  ];
  const badRequest = anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations }));
  const retryIn = (seconds: bigint, nanos = 0) =>
    anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay: { seconds, nanos } }));
  const rich = (code: GrpcCode, ...details: Any[]): Record<string, string> => {
    const bytes = toBinary(StatusSchema, create(StatusSchema, { details }));
    return { ...status(code, 'rich'), 'grpc-status-details-bin': Buffer.from(bytes).toString('base64') };
  };

  it('names the wrong fields as the client wrote them', async () => {
    stub.reply = trailersOnly(rich('INVALID_ARGUMENT', badRequest));
    expect((await failing()).error.errors).toEqual([
      { field: 'user.displayName', detail: 'is too long' },
      { field: 'users[1].labels["team_a"].value_', detail: 'is not allowed' },
    ]);
  });

  it.each([
    ['UNAVAILABLE', retryIn(7n), 7],
    ['RESOURCE_EXHAUSTED', retryIn(0n, 1), 1],
    ['UNAVAILABLE', retryIn(-5n), 1],
    ['UNAVAILABLE', retryIn(1_000_000n), 3600],
    ['NOT_FOUND', retryIn(7n), undefined],
  ] as const)('%s with a RetryInfo says when to come back', async (code, detail, seconds) => {
    stub.reply = trailersOnly(rich(code, detail));
    expect((await failing()).error.retryAfterSeconds).toBe(seconds);
  });

  it('keeps the fields of an internal error inside', async () => {
    stub.reply = trailersOnly(rich('INTERNAL', badRequest));
    expect((await failing()).error.errors).toEqual([]);
  });

  it('lists at most 64 fields', async () => {
    const many = Array.from({ length: 200 }, (_, n) => ({ field: `f${n}`, description: 'no' }));
    stub.reply = trailersOnly(
      rich('INVALID_ARGUMENT', anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations: many }))),
    );
    expect((await failing()).error.errors).toHaveLength(64);
  });

  it.each([
    ['bad base64', '%%%'],
    ['garbage', Buffer.from('not a Status').toString('base64')],
    ['an unfinished message', Buffer.from([0x1a, 0x7f, 0x01]).toString('base64')],
    ['more than 16 KiB', Buffer.alloc(17_000, 1).toString('base64')],
  ])('is left out when it is %s', async (_, value) => {
    stub.reply = trailersOnly({ ...status('INVALID_ARGUMENT', 'plain'), 'grpc-status-details-bin': value });
    expect((await failing()).error).toMatchObject({ code: 'INVALID_ARGUMENT', detail: 'plain', errors: [] });
  });
});

describe.each(TRANSPORTS)('a request that is larger than the upstream takes, over $name', ({ open }) => {
  beforeEach(() => begin(open));

  it("is the client's, and never sent", async () => {
    const call = getUserCall({ request: Buffer.alloc(70_000) });
    const { error, failure } = await failureOf(transport.unary(call));
    expect(error.code).toBe('PAYLOAD_TOO_LARGE');
    expect(failure).toMatchObject({ origin: 'local', backendFault: false });
  });
});
