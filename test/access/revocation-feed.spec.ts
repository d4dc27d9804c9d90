import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { RevocationService } from '../../src/access/revocation/revocation-service.js';
import { RevocationSignals } from '../../src/access/revocation/revocation-signals.js';
import { FEED_KEY, readTokens, TOKENS_KEY, VERSIONS_KEY } from '../../src/access/revocation/revocation-store.js';
import { principalOf } from '../support/principal.js';
import { TestRedis } from '../support/redis.js';
import { connectTo, type RedisUser } from '../support/redis-user.js';
import { until } from '../support/until.js';

const GAP = ['revocation feed_gap degraded', 'revocation feed_gap recovered'];

let server: TestRedis;
let user: RedisUser;
let revocation: RevocationService;

beforeAll(async () => void (server = await TestRedis.start()));
afterAll(() => server?.close());
beforeEach(async () => {
  await server.client.flushall();
  // No comparison but those that the feed itself asks for.
  user = await connectTo(server.url, { GATEWAY_REVOCATION_RESYNC_INTERVAL: '1h' });
  const signals = new RevocationSignals(user.flags, user.metrics.revocation, user.logger);
  revocation = new RevocationService(user.config.revocation, signals, user.redis);
  revocation.onApplicationBootstrap();
  await until(() => revocation.ready);
});
afterEach(() => {
  revocation.beforeApplicationShutdown();
  user.close();
});

const end = () => Math.floor(Date.now() / 1000) + 900;
const isRevoked = (tokenId: string) => revocation.verdict(principalOf({ tokenId })) === 'TOKEN_REVOKED';
const idsOf = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`);
const accepted = (ids: readonly string[]) => ids.filter((id) => !isRevoked(id)).length;
const toldOfGaps = () => user.told.filter((text) => text.includes('feed_gap'));
const gaps = async () => (await user.metrics.revocation.feedGaps.get()).values[0]?.value;

/** Revokes tokens as it is documented, all in one step, while the stream keeps so many entries. */
async function revokeAtOnce(ids: readonly string[], keep = 10_000): Promise<void> {
  const exp = end();
  const step = server.client.multi();
  for (const id of ids) {
    step.zadd(TOKENS_KEY, 'GT', exp, id);
    step.xadd(FEED_KEY, 'MAXLEN', '~', keep, '*', 'jti', id, 'exp', exp);
  }
  await step.exec();
}

describe('what the feed could not keep', () => {
  it('30,000 tokens that are revoked in one step are all refused, and the gap is told', async () => {
    const ids = idsOf('t', 30_000);
    await revokeAtOnce(ids);
    await expect.poll(() => accepted(ids)).toBe(0);
    await expect.poll(toldOfGaps).toEqual(GAP);
    expect(await gaps()).toBe(1);
    expect(user.lines.join('')).toContain('degraded component=revocation');
  });

  it.each([
    ['trimmed', 'XTRIM', ['MAXLEN', '0'], 1],
    ['deleted with all that was in it', 'DEL', [], 0],
  ] as const)(
    'is read from the set when the stream is %s before anybody read it',
    async (_how, command, more, told) => {
      await revokeAtOnce(['before']);
      await expect.poll(() => isRevoked('before')).toBe(true);
      const step = server.client.multi();
      step.zadd(TOKENS_KEY, end(), 'missed').xadd(FEED_KEY, '*', 'jti', 'missed', 'exp', end());
      step
        .hset(VERSIONS_KEY, 'subject:bot', 3)
        .xadd(FEED_KEY, '*', 'owner', 'subject', 'id', 'bot', 'min_version', '3');
      await step.call(command, FEED_KEY, ...more).exec();
      await expect.poll(() => isRevoked('missed')).toBe(true);
      const bot = principalOf({ subject: 'bot', tokenVersion: 2 });
      await expect.poll(() => revocation.verdict(bot)).toBe('TOKEN_VERSION_STALE');
      expect(await gaps()).toBe(told);
    },
  );

  it('nothing, is not a gap: a stream that is trimmed behind its readers', async () => {
    for (const id of idsOf('t', 20)) {
      await revokeAtOnce([id]);
      await expect.poll(() => isRevoked(id)).toBe(true);
      await server.client.xtrim(FEED_KEY, 'MAXLEN', 1);
    }
    expect([await gaps(), toldOfGaps()]).toEqual([0, []]);
  });

  it('a stream whose ids went back, as after a failover to an older copy, is followed all the same', async () => {
    await revokeAtOnce(['before']);
    await expect.poll(() => isRevoked('before')).toBe(true);
    const step = server.client.multi().del(FEED_KEY).zadd(TOKENS_KEY, end(), 'meanwhile');
    await step.xadd(FEED_KEY, '1-1', 'jti', 'meanwhile', 'exp', end()).exec();
    await expect.poll(() => isRevoked('meanwhile')).toBe(true);
    // The new stream is read from now on.
    await server.client.xadd(FEED_KEY, '2-1', 'jti', 'after', 'exp', end());
    await expect.poll(() => isRevoked('after')).toBe(true);
  });
});

it('a user that may not XINFO follows the feed all the same', async () => {
  await server.client.call('ACL', 'SETUSER', 'default', '-xinfo');
  try {
    await revokeAtOnce(['a']);
    await expect.poll(() => isRevoked('a')).toBe(true);
    expect(revocation.degraded).toBe(false);
  } finally {
    await server.client.call('ACL', 'SETUSER', 'default', '+xinfo');
  }
});

describe('the set of revoked tokens', () => {
  it('is read whole while tokens are prolonged and others added', async () => {
    const ids = idsOf('t', 5_000);
    const soon = end();
    await server.client.zadd(TOKENS_KEY, ...ids.flatMap((id, index) => [String(soon + (index % 500)), id]));
    const read = new Set<string>();
    let prolonged = 0;
    const take = (record: { tokenId?: string } | undefined) => void read.add(record?.tokenId ?? '');
    const move = async () => {
      // Those that a reader by offset would come to next.
      const [first = ''] = await server.client.zrange(TOKENS_KEY, '0', '0');
      await server.client.zadd(TOKENS_KEY, soon + 10_000 + prolonged, first);
      prolonged += 1;
      return false;
    };
    let moving = Promise.resolve(false);
    await readTokens(server.client, 0, take as never, () => {
      for (let n = 0; n < 20; n++) moving = moving.then(move);
      return false;
    });
    await moving;
    expect(prolonged).toBeGreaterThan(20);
    expect(ids.filter((id) => !read.has(id))).toEqual([]);
  });

  it('that changes while it is read is not taken for one that lost tokens', async () => {
    await server.client.zadd(TOKENS_KEY, ...idsOf('t', 3_000).flatMap((id) => [end(), id]));
    await server.client.del(FEED_KEY);
    for (let round = 0; round < 20; round++) await revocation.revoke(`own-${round}`, end());
    await server.client.xtrim(FEED_KEY, 'MAXLEN', 0);
    for (let round = 20; round < 200; round++) await revocation.revoke(`own-${round}`, end());
    await expect.poll(() => accepted(idsOf('t', 3_000))).toBe(0);
    expect(user.lines.join('')).not.toContain('revocation_store_truncated');
  });
});
