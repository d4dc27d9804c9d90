import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HttpBodySchema } from '../../src/gen/google/api/httpbody_pb.js';
import { descriptorFile } from '../support/descriptor-file.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { grpcBackend } from '../support/grpc-backend.js';
import { metric } from '../support/metrics.js';
import { expectFetchProblem } from '../support/problem.js';
import { shapesWith } from '../support/shapes.js';

const FILE = '/shapes/v1/files/a/b.txt:download';

let answer: Uint8Array;
let gateway: TestGateway;
const toClose: (() => unknown)[] = [];

beforeAll(async () => {
  const descriptors = descriptorFile(shapesWith({ DownloadFile: {} }));
  const backend = await grpcBackend({ unary: { '/shapes.v1.ShapeService/DownloadFile': () => Buffer.from(answer) } });
  const SHAPES_SERVICE_URL = backend.target.replace('dns:///', '');
  gateway = await startTestGateway({ env: { GATEWAY_DESCRIPTORS: descriptors.path, SHAPES_SERVICE_URL } });
  toClose.push(
    () => gateway.close(),
    () => backend.close(),
    () => descriptors.remove(),
  );
});
afterAll(async () => {
  for (const close of toClose) await close();
});

function respond(contentType: string, text = 'as it is'): void {
  answer = toBinary(HttpBodySchema, create(HttpBodySchema, { contentType, data: Buffer.from(text) }));
}

describe('an answer of google.api.HttpBody', () => {
  it.each([
    ['text/plain; charset="utf-8"', 'text/plain; charset="utf-8"'],
    ['application/vnd.acme+json', 'application/vnd.acme+json'],
    ['', 'application/octet-stream'],
  ])('is sent as it is, as %j', async (contentType, sent) => {
    respond(contentType);
    const response = await fetch(gateway.url + FILE);
    expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([
      200,
      sent,
      'as it is',
    ]);
  });

  it.each(['text/html\r\nset-cookie: evil=1', 'text', 'text/plain; name=é'])(
    'is a fault of the backend when its type is %j',
    async (contentType) => {
      respond(contentType);
      const response = await fetch(gateway.url + FILE);
      expect(response.headers.get('set-cookie')).toBeNull();
      await expectFetchProblem(response, 'UPSTREAM_ERROR');
    },
  );

  it.each([
    ['image/*, application/pdf', 200],
    ['application/pdf;q=0, */*', 406],
    ['image/*', 406],
  ])('in answer to Accept: %s is %i', async (accept, status) => {
    respond('application/pdf');
    const response = await fetch(gateway.url + FILE, { headers: { accept } });
    if (status === 406) await expectFetchProblem(response, 'NOT_ACCEPTABLE');
    else expect([response.status, await response.text()]).toEqual([status, 'as it is']);
  });

  it('is a fault of the backend when it cannot be read', async () => {
    const errors = { upstream: 'shapes', method: 'DownloadFile', code: 'INTERNAL' };
    const before = (await metric(gateway.url, 'upstream_grpc_errors_total', errors)) ?? 0;
    answer = Buffer.from('no protobuf');
    await expectFetchProblem(await fetch(gateway.url + FILE), 'UPSTREAM_ERROR');
    expect(await metric(gateway.url, 'upstream_grpc_errors_total', errors)).toBe(before + 1);
  });
});
