import { create, toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { BadRequestSchema } from '../../src/gen/google/rpc/error_details_pb.js';
import { StatusSchema } from '../../src/gen/google/rpc/status_pb.js';
import { GatewayError } from '../../src/domain/errors.js';
import { GRPC_CODES } from '../../src/grpc/grpc-code.js';
import { GrpcFailure } from '../../src/grpc/grpc-failure.js';
import { many, outcomeOf, type Row, rowOf, type Subject } from './check.js';

const MIB = 1_048_576;
/** As a server may have to encode them; the last ends with a space, which gRPC leaves as it is. */
const TEXTS = ['plain', '100 %', 'línea ☃', 'two\nlines', 'ends with a space '];

/** Every status with every text, as the backend gave it. */
export async function statuses(subject: Subject): Promise<Row[]> {
  const rows = GRPC_CODES.slice(1).map(async (name, index) => {
    const outcomes = TEXTS.map(async (message) => {
      const error: unknown = await subject
        .unary('Fail', { code: index + 1, message })
        .catch((thrown: unknown) => thrown);
      const cause = error instanceof GatewayError ? error.cause : undefined;
      if (!(cause instanceof GrpcFailure)) return String(error);
      return cause.details === message ? `${cause.grpcCode} ${cause.origin}` : `${cause.grpcCode}: ${cause.details}`;
    });
    return rowOf(`status ${name}`, `${name} app`, await Promise.all(outcomes));
  });
  return Promise.all(rows);
}

/** A rich status: the fields that it names come to the client. */
export async function richStatus(subject: Subject): Promise<Row[]> {
  const fieldViolations = [{ field: 'user.name', description: 'is too long' }];
  const details = anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations }));
  const status = create(StatusSchema, { code: 3, message: 'no', details: [details] });
  const order = { code: 3, message: 'no', details: Buffer.from(toBinary(StatusSchema, status)).toString('base64') };
  const error: unknown = await subject.unary('Fail', order).catch((thrown: unknown) => thrown);
  const fields = error instanceof GatewayError ? error.errors.map(({ field, detail }) => `${field} ${detail}`) : [];
  return [rowOf('grpc-status-details-bin', 'user.name is too long', [fields.join()])];
}

/** A thousand calls, each with its own answer. */
export async function thousand(subject: Subject): Promise<Row[]> {
  const outcomes = await many(1_000, 50, async (n) => {
    const request = Buffer.from(`call ${n} ${'x'.repeat(n)}`);
    return Buffer.compare(await subject.unary('Echo', request), request) === 0 ? 'its own' : 'another';
  });
  return [rowOf('1,000 calls, 50 concurrent', 'its own', outcomes)];
}

export async function large(subject: Subject): Promise<Row[]> {
  const sizes = [0, 1, 16_384, 65_536, MIB, 3 * MIB];
  const rows = sizes.map(async (size) => {
    const request = Buffer.alloc(size, 'large');
    const echo = async (): Promise<string> =>
      Buffer.compare(await subject.unary('Echo', request), request) === 0 ? 'the same' : 'other bytes';
    return rowOf(`an echo of ${size} bytes, 3 concurrent`, 'the same', await many(3, 3, echo));
  });
  return Promise.all(rows);
}

/** Every key that the gateway may send arrives as it is, and no other. */
export async function metadata(subject: Subject): Promise<Row[]> {
  const sent = {
    'x-gateway-subject': 'alice',
    'x-gateway-tenant': 'acme',
    'x-gateway-permissions': Array.from({ length: 300 }, (_, n) => `read:${n}`).join(' '),
    'x-gateway-auth-method': 'jwt',
    'x-request-id': 'a%20b',
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  };
  const seen = JSON.parse(Buffer.from(await subject.unary('Metadata', {}, { metadata: sent })).toString()) as Record<
    string,
    string[]
  >;
  const own = Object.fromEntries(Object.entries(seen).filter(([key]) => /^x-|^traceparent$/.test(key)));
  const expected = Object.fromEntries(Object.entries(sent).map(([key, value]) => [key, [value]]));
  const sorted = (entries: object): string =>
    Object.entries(entries)
      .map(([key, value]) => `${key}: ${String(value)}`)
      .sort((a, b) => a.localeCompare(b, 'en'))
      .join();
  const others = Object.keys(seen).filter((key) => !(key in sent));
  const known = [':authority', 'content-type', 'user-agent', 'grpc-accept-encoding', 'grpc-timeout', 'te'];
  return [
    rowOf('metadata', sorted(expected), [sorted(own)]),
    rowOf('no other keys', '', [others.filter((key) => !known.includes(key)).join()]),
  ];
}

/** A method that no server has. */
export async function unknown(subject: Subject): Promise<Row[]> {
  const method = { upstream: 'interop', service: 'a.B', name: 'C', path: '/a.B/C' };
  const outcome = await outcomeOf(subject.transport.unary({ ...subject.call('Echo'), method }));
  return [rowOf('an unknown method', 'UPSTREAM_UNIMPLEMENTED UNIMPLEMENTED app', [outcome])];
}
