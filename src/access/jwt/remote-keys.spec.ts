import { generateKeyPairSync } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { KeyFetchError, type FetchedKeys } from './fetch-keys.js';
import { KeysUnavailable, RemoteKeys, type KeysListener } from './remote-keys.js';

const TTL_MS = 300_000;
const GRACE_MS = 3_600_000;
const COOLDOWN_MS = 30_000;
const MODULUS = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
const NO_TOKEN = { payload: '', signature: '' };

/** An issuer whose answers a test gives by hand, and a clock that it sets. */
class Issuer implements KeysListener {
  now = 0;
  fetches = 0;
  readonly fetchedAt: number[] = [];
  answer: () => Promise<FetchedKeys> = () => this.publish('one');
  readonly told: string[] = [];
  readonly skews: (number | undefined)[] = [];
  private timer: { readonly at: number; readonly run: () => void } | undefined;

  readonly keys = new RemoteKeys({
    url: 'https://issuer.test/jwks.json',
    ttlMs: TTL_MS,
    hardGraceMs: GRACE_MS,
    listener: this,
    now: () => this.now,
    random: () => 0.5,
    schedule: (run, ms) => {
      this.timer = { at: this.now + ms, run };
      return () => (this.timer = undefined);
    },
    fetchKeys: () => {
      this.fetches += 1;
      this.fetchedAt.push(this.now);
      return this.answer();
    },
  });

  async publish(...kids: string[]): Promise<FetchedKeys> {
    return { text: JSON.stringify({ keys: kids.map((kid) => ({ ...MODULUS, kid, alg: 'RS256' })) }), date: null };
  }

  async fail(): Promise<FetchedKeys> {
    throw new KeyFetchError('network', 'no connection to the key set');
  }

  /** Lets time pass, running what was due by then. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    while (this.timer !== undefined && this.timer.at <= end) {
      const { at, run } = this.timer;
      this.timer = undefined;
      this.now = at;
      run();
      await settle();
    }
    this.now = end;
  }

  /** `known`, `unknown` or `unavailable`. */
  find(kid: string): Promise<string> {
    return this.keys.find({ alg: 'RS256', kid }, NO_TOKEN).then(
      () => 'known',
      (error: unknown) => (error instanceof KeysUnavailable ? 'unavailable' : 'unknown'),
    );
  }

  succeeded(skew: number | undefined): void {
    this.told.push('succeeded');
    this.skews.push(skew);
  }

  failed(reason: string): void {
    this.told.push(reason);
  }

  withdrawn(): void {
    this.told.push('withdrawn');
  }
}

let issuer: Issuer;

beforeEach(async () => {
  issuer = new Issuer();
  issuer.keys.start();
  await settle();
});

describe('keys of an issuer that answers', () => {
  it('are fetched again each time their time is over, and not more often', async () => {
    await issuer.pass(10 * TTL_MS);
    expect(issuer.fetches).toBe(11);
  });

  it('are at hand at once after a rotation, by one fetch', async () => {
    issuer.answer = () => issuer.publish('two', 'one');
    expect(await Promise.all([issuer.find('two'), issuer.find('two'), issuer.find('one')])).toEqual([
      'known',
      'known',
      'known',
    ]);
    expect(issuer.fetches).toBe(2);
  });

  it('are void once the issuer withdraws them', async () => {
    issuer.answer = () => issuer.publish('two');
    await issuer.pass(TTL_MS);
    expect(issuer.told).toEqual(['succeeded', 'withdrawn', 'succeeded']);
    expect(await issuer.find('one')).toBe('unknown');
  });

  it('tell how far the clocks are apart', async () => {
    const { text } = await issuer.publish('one');
    issuer.answer = async () => ({ text, date: new Date(Date.now() - 60_000).toUTCString() });
    await issuer.pass(TTL_MS);
    expect(issuer.skews.at(-1)).toBeGreaterThan(58);
    expect(issuer.skews.at(-1)).toBeLessThan(62);
  });
});

describe('a flood of unknown key ids', () => {
  const scenarios: [string, () => void][] = [
    ['an issuer that answers', () => {}],
    ['an issuer that is down', () => (issuer.answer = () => issuer.fail())],
    ['an issuer that answers with garbage', () => (issuer.answer = async () => ({ text: '<html>', date: null }))],
  ];
  it.each(scenarios)('causes one fetch in a cooldown at %s', async (_what, arrange) => {
    arrange();
    for (let second = 0; second < COOLDOWN_MS / 1000; second++) {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => issuer.find(`${second}-${index}`)));
      expect(new Set(answers)).toEqual(new Set(['unknown']));
      issuer.now += 999;
    }
    expect(issuer.fetches).toBe(2);
  });

  it.each(scenarios)('that goes on for ten minutes causes one fetch per cooldown at %s', async (_what, arrange) => {
    arrange();
    for (let ms = 0; ms < 600_000; ms += 500) {
      expect(await issuer.find(`made-up-${ms}`)).toBe('unknown');
      await issuer.pass(500);
    }
    const gaps = issuer.fetchedAt.slice(2).map((at, index) => at - (issuer.fetchedAt[index + 1] ?? 0));
    expect(gaps.length).toBeGreaterThan(15);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(COOLDOWN_MS);
  });

  it('is refused for the name alone, once a fetch was made for it', async () => {
    expect(issuer.keys.lacks('made-up')).toBe(false);
    await issuer.find('made-up');
    expect([issuer.keys.lacks('made-up'), issuer.keys.lacks('another'), issuer.keys.lacks('one')]).toEqual([
      true,
      true,
      false,
    ]);
    issuer.now += COOLDOWN_MS;
    expect(issuer.keys.lacks('made-up')).toBe(false);
  });

  it('waits for a slow issuer with a hundred of its tokens; the others are refused immediately', async () => {
    const gate = Promise.withResolvers<FetchedKeys>();
    issuer.answer = () => gate.promise;
    const first = Array.from({ length: 100 }, (_, index) => issuer.find(`new-${index}`));
    expect(await issuer.find('one too many')).toBe('unknown');
    gate.resolve(await issuer.publish('one', 'new-0', 'new-99'));
    const outcomes = await Promise.all(first);
    expect([outcomes[0], outcomes[1], outcomes[99]]).toEqual(['known', 'unknown', 'known']);
    expect(issuer.fetches).toBe(2);
  });

  it('keeps no good token waiting while the issuer is slow, and then no other one either', async () => {
    const gate = Promise.withResolvers<FetchedKeys>();
    issuer.answer = () => gate.promise;
    const flood = Array.from({ length: 100 }, (_, index) => issuer.find(String(index)));
    expect(await issuer.find('one')).toBe('known');
    gate.reject(new KeyFetchError('timeout', 'the key set did not come in time'));
    expect(new Set(await Promise.all(flood))).toEqual(new Set(['unknown']));
    expect(await issuer.find('late')).toBe('unknown');
    expect(issuer.fetches).toBe(2);
  });
});

describe('keys of an issuer that is down', () => {
  beforeEach(() => {
    issuer.answer = () => issuer.fail();
  });

  it('serve on for half an hour, asked for once a cooldown', async () => {
    await issuer.pass(TTL_MS);
    const [fetches, reports] = [issuer.fetches, issuer.told.length];
    for (let n = 0; n < 1_800; n++, await issuer.pass(1_000)) expect(issuer.keys.lacks(`${n}`)).toBe(true);
    expect(await issuer.find('one')).toBe('known');
    expect([issuer.fetches - fetches, issuer.told.length - reports]).toEqual([60, 60]);
  });

  it('are not trusted past their grace: that is an outage, not a bad token', async () => {
    await issuer.pass(TTL_MS * 1.2 + 2_000 + GRACE_MS);
    expect(await issuer.find('one')).toBe('known');
    await issuer.pass(1);
    expect(await issuer.find('one')).toBe('unavailable');
    expect(await issuer.find('other')).toBe('unavailable');
  });

  it('are fetched within a cooldown of its return', async () => {
    await issuer.pass(2 * GRACE_MS);
    issuer.answer = () => issuer.publish('one');
    await issuer.pass(COOLDOWN_MS);
    expect(await issuer.find('one')).toBe('known');
    expect(issuer.keys.ready).toBe(true);
  });
});

describe('an issuer that is down when the gateway starts', () => {
  beforeEach(async () => {
    issuer = new Issuer();
    issuer.answer = () => issuer.fail();
    issuer.keys.start();
    await settle();
  });

  it('leaves it unready, with an outage for every token and no fetch for any', async () => {
    expect(issuer.keys.ready).toBe(false);
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => issuer.find(String(index))));
    expect(new Set(answers)).toEqual(new Set(['unavailable']));
    expect(issuer.fetches).toBe(1);
  });

  it('is tried again soon, and less and less often', async () => {
    await issuer.pass(1_000);
    expect(issuer.fetches).toBe(2);
    await issuer.pass(600_000);
    expect(issuer.fetches).toBeLessThan(27);
    issuer.answer = () => issuer.publish('one');
    await issuer.pass(COOLDOWN_MS);
    expect(issuer.keys.ready).toBe(true);
  });
});

it('asks nobody any more once it is stopped', async () => {
  issuer.keys.stop();
  await issuer.pass(10 * TTL_MS);
  expect(issuer.fetches).toBe(1);
});

/** Lets everything run that waits for nothing but its turn. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
