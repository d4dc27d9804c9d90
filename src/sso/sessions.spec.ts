import { beforeEach, describe, expect, it } from 'vitest';
import { AeadCipher } from '../redis/aead-cipher.js';
import { MemoryStore } from './memory-store.js';
import type { SessionRecord } from './session-record.js';
import { Sessions } from './sessions.js';

const HOUR = 3_600_000;

const RECORD: SessionRecord = {
  provider: 'fake',
  issuer: 'https://login.example.com',
  identity: 'alice',
  idToken: 'a.b.c',
  createdAt: 0,
  subject: 'acme-alice',
  tenantId: 'acme',
  accessToken: 'a.b.c',
  refreshToken: 'r',
  accessExpiresAt: HOUR,
  renewAt: HOUR,
  generation: 0,
};

let now: number;
let sessions: Sessions;

beforeEach(() => {
  now = 0;
  const limits = { idleMs: HOUR, maxAgeMs: 12 * HOUR };
  sessions = new Sessions(new MemoryStore(() => now), new AeadCipher('session', ['secret']), limits, () => now);
});

async function begin(record = RECORD): Promise<string> {
  const logouts = await sessions.registry.logoutsOf(record);
  const id = await sessions.begin(record, logouts);
  if (id === undefined) throw new Error('it ended before it began');
  return id;
}

describe('a person with a thousand sessions', () => {
  it('loses the oldest that is live for another one, and keeps all the others', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 1000; i++) ids.push(await begin({ ...RECORD, generation: i }));
    expect((await sessions.makeRoom(RECORD)).map(({ generation }) => generation)).toEqual([0]);
    ids.push(await begin());
    expect(await sessions.areLive(ids)).toEqual([false, ...Array<boolean>(1000).fill(true)]);
    expect(await sessions.registry.ofIdentity(RECORD)).toHaveLength(1000);
  });

  it('loses none while some of them have ended without anybody noticing', async () => {
    for (let i = 0; i < 600; i++) await begin();
    now += 2 * HOUR;
    const live: string[] = [];
    for (let i = 0; i < 400; i++) live.push(await begin());
    expect(await sessions.makeRoom(RECORD)).toEqual([]);
    expect(await sessions.registry.ofIdentity(RECORD)).toHaveLength(400);
    expect((await sessions.areLive(live)).every(Boolean)).toBe(true);
  });

  it('takes nothing from another person', async () => {
    for (let i = 0; i < 1000; i++) await begin();
    expect(await sessions.makeRoom({ ...RECORD, identity: 'bob' })).toEqual([]);
  });
});

describe('what cannot be the id of a session', () => {
  it.each(['', 'short', 'x'.repeat(44), `${'x'.repeat(42)}!`])('%j finds, shows and ends nothing', async (id) => {
    expect([await sessions.find(id), await sessions.peek(id), await sessions.end(id)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect([await sessions.supersede(id), await sessions.isSuperseded(id)]).toEqual([undefined, false]);
  });
});
