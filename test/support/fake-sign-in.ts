import { randomUUID } from 'node:crypto';
import type { Claims, FakeProvider } from './fake-provider.js';
import type { SsoGateway } from './sso.js';
import { type Step, WebClient } from './web-client.js';

const EVENTS = { 'http://schemas.openid.net/event/backchannel-logout': {} };

/** Begins a sign-in at the provider `fake`; gives the address that it would send the browser back to. */
export async function beginAtFake(
  client: WebClient,
  { publicUrl }: SsoGateway,
  provider: FakeProvider,
  claims: Claims = {},
): Promise<string> {
  const login = await client.request(`${publicUrl}/auth/fake/login`);
  const query = new URL(login.headers.get('location') ?? '').searchParams;
  provider.giveToken(await provider.sign({ nonce: query.get('nonce') ?? '', ...claims }));
  const back = new URLSearchParams({ code: 'c', iss: provider.issuer, state: query.get('state') ?? '' });
  return `${publicUrl}/auth/fake/callback?${back.toString()}`;
}

/** A browser that signed in at the provider `fake`. Throws when it did not. */
export async function signedInAtFake(gateway: SsoGateway, provider: FakeProvider, claims: Claims = {}) {
  const client = new WebClient();
  const answer = await client.request(await beginAtFake(client, gateway, provider, claims));
  if (answer.status !== 302) throw new Error(`signed in with ${answer.status}: ${answer.body}`);
  return client;
}

/** A logout token of a person or a session, new each time. */
export function logoutToken(provider: FakeProvider, claims: Claims): Promise<string> {
  const none = { email: undefined, email_verified: undefined };
  return provider.sign({ events: EVENTS, jti: randomUUID(), ...none, ...claims }, { typ: 'logout+jwt' });
}

/** Response to the provider. */
export function sendLogoutToken({ url }: Pick<SsoGateway, 'url'>, token: string): Promise<Step> {
  const body = new URLSearchParams({ logout_token: token });
  return new WebClient().request(`${url}/auth/backchannel-logout`, { method: 'POST', body });
}
