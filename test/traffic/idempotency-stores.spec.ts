import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AeadCipher } from '../../src/redis/aead-cipher.js';
import type { IdempotencyRecord, StoredResponse } from '../../src/traffic/idempotency/idempotency-record.js';
import { type Claim, IdempotencyRecords } from '../../src/traffic/idempotency/idempotency-records.js';
import { SharedRecords } from '../../src/traffic/idempotency/shared-records.js';
import { TestRedis } from '../support/redis.js';
import { connectTo, type RedisUser } from '../support/redis-user.js';
import { until } from '../support/until.js';

const LARGE_BYTES = 1024;
const cipher = new AeadCipher('idempotency', ['a secret of more than 32 bytes, really']);
const answerOf = (text: string): StoredResponse => ({
  status: 201,
  contentType: 'application/json',
  body: Buffer.from(text),
});

let server: TestRedis;
const users: RedisUser[] = [];

beforeAll(async () => {
  server = await TestRedis.start();
});
afterAll(() => server.close());
beforeEach(() => server.restart());
afterEach(() => {
  server.thaw();
  for (const user of users.splice(0)) user.close();
});

/** One instance; its memory holds a few hundred records. */
async function instance(options: { readonly isShared: boolean }): Promise<IdempotencyRecords> {
  const user = await connectTo(server.url, {
    GATEWAY_REDIS_COMMAND_TIMEOUT: '50ms',
    GATEWAY_CACHE_MAX_ENTRY_BYTES: String(LARGE_BYTES),
    GATEWAY_IDEMPOTENCY_MAX_BYTES: '512KiB',
  });
  users.push(user);
  await until(() => user.redis.ready);
  return new IdempotencyRecords(user.config, options.isShared ? new SharedRecords(user.redis, cipher) : undefined);
}

const isClaim = (outcome: Claim | IdempotencyRecord): outcome is Claim => 'keep' in outcome;

/** Does a request once more: what it came to, or `executed` when it was done by this. */
async function send(at: IdempotencyRecords, key: string, answer = 'done'): Promise<string> {
  const outcome = await at.claim(key, 'request');
  if (!isClaim(outcome)) return describeRecord(outcome);
  await outcome.keep(answerOf(answer));
  return 'executed';
}

function describeRecord({ answer }: IdempotencyRecord): string {
  if (answer === undefined) return 'under way';
  return answer.omitted ? `${answer.status}, not kept` : answer.body.toString();
}

interface Store {
  readonly store: string;
  readonly isShared: boolean;
  /** After the request was done, and before it is sent again. */
  readonly meanwhile: () => unknown;
  /** Before the request is sent for the first time. */
  readonly first?: () => unknown;
}

const STORES: readonly Store[] = [
  { store: 'memory', isShared: false, meanwhile: () => undefined },
  { store: 'Redis', isShared: true, meanwhile: () => undefined },
  { store: 'Redis that has gone away since', isShared: true, meanwhile: () => server.kill() },
  { store: 'Redis that has come back empty', isShared: true, meanwhile: () => server.restart() },
  { store: 'Redis that has lost the record', isShared: true, meanwhile: () => server.client.flushall() },
  { store: 'Redis that freezes', isShared: true, meanwhile: () => server.freeze() },
  {
    store: 'Redis that takes no writes',
    isShared: true,
    meanwhile: () => server.client.config('SET', 'maxmemory', '1'),
  },
  {
    store: 'Redis that was away at first',
    isShared: true,
    first: () => server.kill(),
    meanwhile: () => server.restart(),
  },
  {
    store: 'Redis that was frozen at first',
    isShared: true,
    first: () => server.freeze(),
    meanwhile: () => server.thaw(),
  },
];

describe.each(STORES)('with $store, a request', ({ isShared, first, meanwhile }) => {
  it.each([
    ['is answered from its record', 'done', 'done'],
    ['whose answer is too large to be kept is not done again', 'x'.repeat(LARGE_BYTES + 1), '201, not kept'],
  ])('%s', async (_what, answer, again) => {
    const records = await instance({ isShared });
    const key = randomUUID();
    await first?.();
    expect(await send(records, key, answer)).toBe('executed');
    await meanwhile();
    for (let times = 0; times < 3; times++) expect(await send(records, key, answer)).toBe(again);
  });

  it('that is under way is not done by another', async () => {
    const records = await instance({ isShared });
    const key = randomUUID();
    await first?.();
    const claims = await Promise.all(Array.from({ length: 20 }, () => records.claim(key, 'request')));
    await meanwhile();
    claims.push(await records.claim(key, 'request'));
    expect(claims.filter(isClaim)).toHaveLength(1);
  });

  it('that came to nothing may be done again', async () => {
    const records = await instance({ isShared });
    const key = randomUUID();
    await first?.();
    const claim = await records.claim(key, 'request');
    if (isClaim(claim)) await claim.release();
    await meanwhile();
    expect(await send(records, key)).toBe('executed');
  });
});

describe('two instances', () => {
  let one: IdempotencyRecords;
  let other: IdempotencyRecords;
  beforeEach(async () => {
    [one, other] = await Promise.all([instance({ isShared: true }), instance({ isShared: true })]);
  });

  it('do not both take a key, nor both replace a record that cannot be read', async () => {
    for (let times = 0; times < 50; times++) {
      const key = randomUUID();
      if (times % 2 === 0) await server.client.set(`idempotency:${key}`, 'unreadable');
      const outcomes = await Promise.all([one.claim(key, 'request'), other.claim(key, 'request')]);
      expect(outcomes.filter(isClaim)).toHaveLength(1);
    }
  });

  it('agree on what was done while Redis stood still', async () => {
    const [before, during] = [randomUUID(), randomUUID()];
    expect(await send(one, before)).toBe('executed');
    server.freeze();
    const asked = Promise.all([send(other, before), send(one, during)]);
    setTimeout(() => server.thaw(), 1500);
    expect(await asked).toEqual(['done', 'executed']);
    expect(await send(other, during)).toBe('done');
  });

  it('give back to a Redis that has lost its memory what they know, before the key is given away', async () => {
    const keys = Array.from({ length: 50 }, () => randomUUID());
    for (const key of keys) expect(await send(one, key)).toBe('executed');
    const large = randomUUID();
    expect(await send(one, large, 'x'.repeat(LARGE_BYTES + 1))).toBe('executed');
    const pending = randomUUID();
    const claim = await one.claim(pending, 'request');
    await server.restart();
    const found = await Promise.all([...keys, large, pending].map((key) => send(other, key)));
    expect(found).toEqual([...keys.map(() => 'done'), '201, not kept', 'under way']);
    if (isClaim(claim)) await claim.keep(answerOf('late'));
    expect(await send(other, pending)).toBe('late');
  });

  it('share what was done while Redis was away, once it is back', async () => {
    const key = randomUUID();
    await server.kill();
    expect(await send(one, key)).toBe('executed');
    await server.restart();
    await until(() => users.every(({ redis }) => redis.up));
    expect(await send(other, key)).toBe('done');
  });

  it('wait once for a Redis that has gone away, and no longer', async () => {
    await server.kill();
    await send(one, randomUUID());
    for (let times = 0; times < 100; times++) expect(await send(one, randomUUID())).toBe('executed');
  });
});
