import { join } from 'node:path';
import { BadRequestException, HttpException, NotFoundException, ServiceUnavailableException } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GatewayErrorCode } from '../../src/domain/errors.js';
import { GatewayError } from '../../src/domain/errors.js';
import { Client } from '../support/client.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';
import { Wild } from './wild/wild.module.js';
import { wild } from './wild/wild.js';

const USERS = '/api/v1/users?page_size=1';

let gateway: TestGateway;
let alice: Client;
const rejections: unknown[] = [];
const onRejection = (reason: unknown): void => void rejections.push(reason);

beforeAll(async () => {
  process.on('unhandledRejection', onRejection);
  gateway = await startTestGateway({
    env: { GATEWAY_MODULES: join(import.meta.dirname, 'wild/wild.module.ts') },
  });
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(async () => {
  await gateway.close();
  process.off('unhandledRejection', onRejection);
});

const get = (path: string) => alice.get(path, { 'x-wild': 'case' });

describe('an exception of Nest', () => {
  it.each<[string, () => unknown, number, GatewayErrorCode, string]>([
    [
      'an array of messages',
      () => new BadRequestException(['a is bad', 'b is bad']),
      400,
      'MALFORMED_REQUEST',
      'a is bad; b is bad',
    ],
    ['an object', () => new HttpException({ message: 'say so' }, 404), 404, 'NOT_FOUND', 'say so'],
    ['an object with an error alone', () => new HttpException({ error: 'why' }, 400), 400, 'MALFORMED_REQUEST', 'why'],
    [
      'a message as of Nest',
      () => new BadRequestException('Cannot POST twice'),
      400,
      'MALFORMED_REQUEST',
      'Cannot POST twice',
    ],
    [
      'not found as of Nest',
      () => new NotFoundException('Cannot GET that cup'),
      404,
      'NOT_FOUND',
      'Cannot GET that cup',
    ],
    ['405', () => new HttpException('not so', 405), 405, 'METHOD_NOT_ALLOWED', 'not so'],
    ['502', () => new HttpException('bad peer', 502), 502, 'UPSTREAM_ERROR', 'bad peer'],
    ['503', () => new ServiceUnavailableException('closed today'), 503, 'UPSTREAM_UNAVAILABLE', 'closed today'],
    ['504', () => new HttpException('too slow', 504), 504, 'UPSTREAM_TIMEOUT', 'too slow'],
    ['501', () => new HttpException('not yet', 501), 501, 'UPSTREAM_UNIMPLEMENTED', 'not yet'],
    ['418', () => new HttpException('teapot', 418), 400, 'FAILED_PRECONDITION', 'teapot'],
    ['451', () => new HttpException('by law', 451), 400, 'FAILED_PRECONDITION', 'by law'],
    ['409', () => new HttpException('there', 409), 409, 'ALREADY_EXISTS', 'there'],
    [
      'of another copy of Nest',
      () => Object.assign(new Error('copied'), { getStatus: () => 404, getResponse: () => 'copied' }),
      404,
      'NOT_FOUND',
      'copied',
    ],
    ['an error of the gateway', () => new GatewayError('OUT_OF_RANGE', 'far'), 400, 'OUT_OF_RANGE', 'far'],
  ])('with %s becomes the problem of its status', async (_what, make, ...[status, code, detail]) => {
    wild.guards.case = () => {
      throw make();
    };
    for (const path of [USERS, '/wild']) {
      const response = await get(path);
      expect(response.status).toBe(status);
      expect(await expectFetchProblem(response, code)).toMatchObject({ detail });
    }
    delete wild.guards.case;
  });
});

describe('a filter that', () => {
  beforeAll(
    () =>
      void (wild.guards.filtered = () => {
        throw new Wild('case');
      }),
  );
  const filtered = (path: string) => alice.get(path, { 'x-wild': 'filtered' });

  it.each<[string, (typeof wild.filters)[string]]>([
    ['does nothing', () => undefined],
    ['resolves to nothing', async () => undefined],
    [
      'throws',
      () => {
        throw new Error('bug');
      },
    ],
    [
      'rejects',
      async () => {
        throw new Error('bug');
      },
    ],
    [
      'rejects later',
      () =>
        new Promise((_resolve, reject) => {
          setImmediate(() => reject(new Error('bug')));
        }),
    ],
  ])('%s leaves the answer to the gateway', async (_what, filter) => {
    wild.filters.case = filter;
    const both = await Promise.all([USERS, '/wild'].map(filtered));
    for (const response of both) await expectFetchProblem(response, 'INTERNAL');
    expect(rejections).toEqual([]);
  });

  it('throws another exception has that one answered', async () => {
    wild.filters.case = () => {
      throw new NotFoundException('no cup');
    };
    expect(await expectFetchProblem(await filtered(USERS), 'NOT_FOUND')).toMatchObject({ detail: 'no cup' });
  });

  it('answers twice sends the first', async () => {
    wild.filters.case = (reply) => {
      void reply.code(410).send({ n: 1 });
      void reply.code(411).send({ n: 2 });
    };
    const response = await filtered(USERS);
    expect([response.status, await response.json()]).toEqual([410, { n: 1 }]);
  });

  it('answers later is waited for', async () => {
    wild.filters.case = (reply) => void setTimeout(() => void reply.code(410).send({ n: 1 }), 50);
    expect((await filtered(USERS)).status).toBe(410);
  });
});
