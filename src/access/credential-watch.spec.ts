import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { principalOf } from '../../test/support/principal.js';
import { CallContext } from '../domain/call-context.js';
import type { GatewayError } from '../domain/errors.js';
import type { Principal } from '../domain/principal.js';
import type { Revocation, RevocationReason } from '../domain/revocation.js';
import type { Authenticator } from './authenticator.js';
import { CredentialWatch } from './credential-watch.js';
import type { PresentedCredential } from './credentials.js';
import type { GuardedRequest } from './gateway-guard.js';
import { authUnavailable, refusal } from './refusal.js';
import { NO_TRACE } from '../domain/trace-context.js';

type Kind = Exclude<PresentedCredential['kind'], 'certificate'>;

const HEADERS: Readonly<Record<Kind, GuardedRequest['headers']>> = {
  jwt: { authorization: 'Bearer eyJh.eyJz.c2ln' },
  opaque: { authorization: 'Bearer opaque-token' },
  api_key: { 'x-api-key': 'sk-key' },
  session: { cookie: `__Host-sid=${'a'.repeat(43)}` },
};
const KINDS = Object.keys(HEADERS) as Kind[];
const TOLERANCE_MS = 5_000;

/** What the world says of the watched credential, changed by a test as it goes. */
interface Facts {
  revoked: RevocationReason | undefined;
  lookedUp: RevocationReason | undefined;
  partial: boolean;
  suspended: boolean;
  live: boolean;
  /** What a new verification answers; undefined: that the credential is good. */
  verification: GatewayError | undefined;
  storeIsAway: boolean;
}

let facts: Facts;
let watch: CredentialWatch;
let ends: GatewayError[];
let verified: number;
let asked: string[][];

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  facts = {
    revoked: undefined,
    lookedUp: undefined,
    partial: false,
    suspended: false,
    live: true,
    verification: undefined,
    storeIsAway: false,
  };
  ends = [];
  verified = 0;
  asked = [];
  const revocation = {
    verdict: () => facts.revoked,
    lookUp: async () => facts.lookedUp,
    get partial() {
      return facts.partial;
    },
  } as unknown as Revocation;
  const authenticator: Pick<Authenticator, 'identify'> = {
    identify: (_credential, { call }) => {
      verified += 1;
      return facts.verification === undefined ? (call.principal as Principal) : Promise.reject(facts.verification);
    },
  };
  watch = new CredentialWatch({
    authenticator,
    revocation,
    entitlements: { find: () => ({ plan: '', rateLimitRps: 0, rateLimitBurst: 0, suspended: facts.suspended }) },
    sessions: {
      areLive: async (ids) => {
        asked.push([...ids]);
        if (facts.storeIsAway) throw authUnavailable('no store', undefined);
        return ids.map(() => facts.live);
      },
    },
    clockToleranceMs: TOLERANCE_MS,
  });
});
afterEach(() => {
  watch.onApplicationShutdown();
  vi.useRealTimers();
});

function requestOf(kind: Kind, changes: Partial<Principal> = {}): GuardedRequest {
  const call = new CallContext('req-1', NO_TRACE, 0, 1_000);
  call.principal = principalOf({ authMethod: kind, tokenId: 'jti', ...changes });
  return { call, method: 'GET', headers: HEADERS[kind] };
}

const begin = (kind: Kind, changes: Partial<Principal> = {}, untilExpiry = true) =>
  watch.watch(requestOf(kind, changes), (reason) => ends.push(reason), { untilExpiry });
const reasons = () => ends.map(({ decisionReason }) => decisionReason);
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe.each(KINDS)('a request that is answered for a while, with a credential of the kind %s', (kind) => {
  const memory: [string, Partial<Facts>, string][] = [
    ['its token is revoked', { revoked: 'TOKEN_REVOKED' }, 'TOKEN_REVOKED'],
    ['all tokens of its subject or tenant are void', { revoked: 'TOKEN_VERSION_STALE' }, 'TOKEN_VERSION_STALE'],
    ['its tenant is suspended', { suspended: true }, 'TENANT_SUSPENDED'],
  ];
  it.each(memory)('ends within a second when %s, once', async (_what, change, reason) => {
    begin(kind);
    await pass(30_000);
    expect(ends).toEqual([]);
    Object.assign(facts, change);
    await pass(1_000);
    expect(reasons()).toEqual([reason]);
    await pass(30_000);
    expect([reasons(), watch.size]).toEqual([[reason], 0]);
  });

  it('ends when the store knows a revocation that memory had no room for', async () => {
    Object.assign(facts, { partial: true, lookedUp: 'TOKEN_REVOKED' });
    begin(kind);
    await pass(10_000);
    expect(reasons()).toEqual(['TOKEN_REVOKED']);
  });

  it('goes on while nobody can say', async () => {
    Object.assign(facts, { verification: authUnavailable('away', undefined), storeIsAway: true });
    begin(kind);
    await pass(60_000);
    expect(ends).toEqual([]);
  });

  it('is watched no longer than it is answered', async () => {
    const stop = begin(kind);
    stop();
    stop();
    Object.assign(facts, { revoked: 'TOKEN_REVOKED', live: false });
    await pass(30_000);
    expect([ends, watch.size, vi.getTimerCount()]).toEqual([[], 0, 0]);
  });
});

describe('expiry', () => {
  const AT = 1_000 + 20;
  const rows: [Kind, number][] = [
    ['jwt', 20_000 + TOLERANCE_MS],
    ['opaque', 20_000],
    ['api_key', 20_000],
  ];
  it.each(rows)('of a credential of the kind %s ends its request after %i ms', async (kind, ms) => {
    begin(kind, { expiresAt: AT });
    await pass(ms - 1_000);
    expect(ends).toEqual([]);
    await pass(1_000);
    expect(reasons()).toEqual(['TOKEN_EXPIRED']);
  });

  it('of the access token in a session ends nothing, since it is renewed', async () => {
    begin('session', { expiresAt: AT });
    await pass(600_000);
    expect(ends).toEqual([]);
  });

  it.each([true, false])(
    'of a session ends its requests, whether or not that of a token does: %s',
    async (untilExpiry) => {
      begin('session', { sessionEndsAt: AT }, untilExpiry);
      await pass(19_000);
      expect(ends).toEqual([]);
      await pass(1_000);
      expect(reasons()).toEqual(['SESSION_ENDED']);
    },
  );

  it.each(KINDS)('ends nothing where it is not wanted: %s', async (kind) => {
    facts.verification = refusal('TOKEN_EXPIRED');
    begin(kind, { expiresAt: AT }, false);
    await pass(600_000);
    expect(ends).toEqual([]);
  });
});

describe('a new verification', () => {
  it.each(['jwt', 'opaque', 'api_key'] as const)('every ten seconds ends what is no longer good: %s', async (kind) => {
    begin(kind);
    await pass(20_000);
    expect(verified).toBe(2);
    facts.verification = refusal('SIGNING_KEY_MISSING');
    await pass(10_000);
    expect(reasons()).toEqual(['SIGNING_KEY_MISSING']);
  });

  it('of a session is not made: it would prolong it', async () => {
    begin('session');
    await pass(60_000);
    expect(verified).toBe(0);
  });
});

describe('a session', () => {
  it('that has ended ends its requests within a second', async () => {
    begin('session');
    await pass(5_000);
    facts.live = false;
    await pass(1_000);
    expect(reasons()).toEqual(['SESSION_ENDED']);
  });

  it('is asked about together with all others, and none where nobody has one', async () => {
    begin('jwt');
    await pass(3_000);
    expect(asked).toEqual([]);
    begin('session');
    begin('session');
    await pass(1_000);
    expect(asked).toEqual([[expect.any(String), expect.any(String)]]);
  });
});

it('a request without a caller is not watched', async () => {
  const stop = watch.watch({ call: new CallContext('r', NO_TRACE, 0, 1), method: 'GET', headers: {} }, (end) =>
    ends.push(end),
  );
  expect([watch.size, vi.getTimerCount()]).toEqual([0, 0]);
  stop();
});

it('many requests share one timer', () => {
  for (let n = 0; n < 100; n++) begin(KINDS[n % KINDS.length] ?? 'jwt');
  expect([watch.size, vi.getTimerCount()]).toEqual([100, 1]);
});
