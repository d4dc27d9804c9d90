import { expect, it } from 'vitest';
import type { GatewayConfig } from '../../../config/gateway-config.js';
import { MemoryStore } from '../../../sso/memory-store.js';
import { showSessions } from './show-sessions.js';

const config = { sso: { providers: new Map([['corp', {}]]) } } as unknown as Pick<GatewayConfig, 'sso'>;

it('sessions are counted, and none is named', async () => {
  const store = new MemoryStore();
  await store.write('hash-of-a-session', 'sealed', 60_000);
  await store.write('hash-of-another', 'sealed', 60_000);
  await store.claim('renew:hash-of-another', 'me', 1_000);
  const shown = showSessions(config, store);
  expect(shown).toEqual({ enabled: true, providers: ['corp'], store: { kind: 'memory', isUp: true }, count: 2 });
});
