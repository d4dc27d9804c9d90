import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HttpBodySchema } from '../../src/gen/google/api/httpbody_pb.js';
import { Client } from '../support/client.js';
import { descriptorFile } from '../support/descriptor-file.js';
import { lastRequest, startTestGateway, type TestGateway } from '../support/gateway.js';
import { type BytesStream, grpcBackend } from '../support/grpc-backend.js';
import { expectFetchProblem } from '../support/problem.js';
import { shapesWith } from '../support/shapes.js';

const MESSAGE_BYTES = 1 << 20;

let gateway: TestGateway;
let alice: Client;
let sent: Buffer;
let stream: (call: BytesStream) => void | Promise<void>;
const toClose: (() => unknown)[] = [];

beforeAll(async () => {
  const descriptors = descriptorFile(shapesWith({ ReceiveContent: {}, GetUpload: {}, StreamFile: {} }));
  const backend = await grpcBackend({
    unary: {
      '/shapes.v1.ShapeService/ReceiveContent': (call) => {
        sent = call.request;
        return sent;
      },
      '/shapes.v1.ShapeService/GetUpload': () => upload('image/gif', 'GIF89a'),
    },
    stream: { '/shapes.v1.ShapeService/StreamFile': (call) => void stream(call) },
  });
  const SHAPES_SERVICE_URL = backend.target.replace('dns:///', '');
  const env = { GATEWAY_DESCRIPTORS: descriptors.path, SHAPES_SERVICE_URL };
  gateway = await startTestGateway({ env });
  alice = await Client.of(gateway, 'alice@acme.test');
  toClose.push(
    () => gateway.close(),
    () => backend.close(),
    () => descriptors.remove(),
  );
});
afterAll(async () => {
  for (const close of toClose) await close();
});
beforeEach(() => (sent = Buffer.alloc(0)));

function content(contentType: string, data: string | Uint8Array): Buffer {
  return Buffer.from(toBinary(HttpBodySchema, create(HttpBodySchema, { contentType, data: Buffer.from(data) })));
}

/** UploadFileRequest with the content in its field 2. */
function upload(contentType: string, data: string): Buffer {
  const body = content(contentType, data);
  return Buffer.concat([Uint8Array.of(0x0a, 0x01, 0x61, 0x12, body.length), body]);
}

function post(contentType: string | undefined, body: Buffer | string | FormData): Promise<Response> {
  const headers = { authorization: `Bearer ${alice.token}`, ...(contentType && { 'content-type': contentType }) };
  return fetch(`${gateway.url}/shapes/v1/content`, { method: 'POST', headers, body: body as string });
}

describe('a request of google.api.HttpBody', () => {
  const anyByte = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
  it.each([
    ['image/png', anyByte],
    ['application/json', '{ not JSON'],
    ['application/json', '{"a": 1,  "a": 2}'],
    ['text/plain; charset=iso-8859-1', Buffer.from('\xe9', 'latin1')],
    ['application/x-www-form-urlencoded', 'a=b&c=d'],
  ])('reaches the service as it is: %s', async (contentType, body) => {
    const response = await post(contentType, body);
    const read = fromBinary(HttpBodySchema, sent);
    expect([read.contentType, Buffer.from(read.data)]).toEqual([contentType, Buffer.from(body)]);
    expect([response.status, response.headers.get('content-type')]).toEqual([200, contentType]);
    expect(Buffer.from(await response.arrayBuffer())).toEqual(Buffer.from(body));
  });

  it('takes multipart bodies with their boundary', async () => {
    const form = new FormData();
    form.set('file', new Blob([anyByte], { type: 'image/png' }), 'a.png');
    expect((await post(undefined, form)).status).toBe(200);
    const { contentType, data } = fromBinary(HttpBodySchema, sent);
    const [, boundary] = /^multipart\/form-data; boundary=(.+)$/.exec(contentType) ?? [];
    expect(Buffer.from(data).toString('latin1')).toMatch(new RegExp(`^--${boundary}\r\n`));
    expect(Buffer.from(data).includes(anyByte)).toBe(true);
  });

  it('has the limit of every body', async () => {
    await expectFetchProblem(await post('image/png', Buffer.alloc(MESSAGE_BYTES + 1)), 'PAYLOAD_TOO_LARGE');
  });

  it('needs a content type that is one', async () => {
    await expectFetchProblem(await post('garbage', 'x'), 'UNSUPPORTED_MEDIA_TYPE');
  });
});

it('a response of which one google.api.HttpBody is shown is its content', async () => {
  const response = await fetch(`${gateway.url}/shapes/v1/uploads/a`);
  expect([response.headers.get('content-type'), await response.text()]).toEqual(['image/gif', 'GIF89a']);
});

describe('a stream of google.api.HttpBody', () => {
  const get = (accept = '*/*') => fetch(`${gateway.url}/shapes/v1/streams/a/b`, { headers: { accept } });

  it('is one body in the type of its first message, however long it is', async () => {
    const pieces = Array.from({ length: 10 }, (_, index) => Buffer.alloc(MESSAGE_BYTES, index + 1));
    stream = async (call) => {
      for (const [index, piece] of pieces.entries()) {
        const type = index === 0 ? 'video/mp4' : 'text/plain';
        if (!call.write(content(type, piece))) await once(call, 'drain');
      }
      call.end();
    };
    const response = await get();
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'video/mp4']);
    const body = Buffer.from(await response.arrayBuffer());
    expect(body.equals(Buffer.concat(pieces))).toBe(true);
  });

  it.each([
    ['without a message', [], 'application/octet-stream', ''],
    ['without a type', [content('', 'a'), content('text/plain', 'b')], 'application/octet-stream', 'ab'],
    [
      'with empty pieces',
      [content('text/csv', ''), content('', 'a'), content('', ''), content('', 'b')],
      'text/csv',
      'ab',
    ],
  ])('is whole: %s', async (_what, messages, contentType, text) => {
    stream = (call) => {
      for (const message of messages) call.write(message);
      call.end();
    };
    const response = await get('text/*, application/octet-stream');
    expect([response.headers.get('content-type'), await response.text()]).toEqual([contentType, text]);
  });

  it.each([
    ['Accept does not allow', content('image/png', 'x'), 'NOT_ACCEPTABLE'],
    ['is none', content('image', 'x'), 'UPSTREAM_ERROR'],
    ['would break the header', content('image/png\r\nx: y', 'x'), 'UPSTREAM_ERROR'],
  ] as const)(
    'has a status of its own when its type is one that %s, and ends the call',
    async (_what, message, code) => {
      const cancelled = Promise.withResolvers<void>();
      stream = (call) => {
        call.on('cancelled', () => cancelled.resolve());
        call.write(message);
      };
      await expectFetchProblem(await get('text/plain'), code);
      await cancelled.promise;
    },
  );

  it('that fails later breaks off, so that it cannot be taken for whole', async () => {
    stream = (call) => {
      call.write(content('text/plain', 'half'));
      call.emit('error', { code: 14, details: 'gone' });
    };
    await expect((await get()).text()).rejects.toThrow('terminated');
    await expect.poll(() => lastRequest(gateway)).toMatchObject({ status: 200, error_code: 'UPSTREAM_UNAVAILABLE' });
  });

  it('holds the service back while the client does not read', async () => {
    let written = 0;
    stream = async (call) => {
      for (; written < 24 && !call.cancelled; written++) {
        if (!call.write(content('text/plain', Buffer.alloc(MESSAGE_BYTES)))) await once(call, 'drain');
      }
      call.end();
    };
    const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
    httpRequest(`${gateway.url}/shapes/v1/streams/a`, resolve).end();
    const response = await promise;
    response.pause();
    await settled(() => written);
    expect(written).toBeLessThan(20);
    let bytes = 0;
    for await (const chunk of response) bytes += (chunk as Buffer).length;
    expect(bytes).toBe(24 * MESSAGE_BYTES);
  });
});

/** Resolves when a count has stopped growing. */
async function settled(count: () => number): Promise<void> {
  for (let last = -1; last !== count() || last === 0;) {
    last = count();
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}
