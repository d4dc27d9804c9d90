import { randomBytes } from 'node:crypto';
import { buildEndSessionUrl } from 'openid-client';
import { z } from 'zod';
import type { SealedBox } from '../redis/sealed-box.js';
import type { Providers } from './providers.js';
import { withStore } from './session-errors.js';
import type { SessionRecord } from './session-record.js';
import type { SessionStore } from './session-store.js';
import { keyOf } from './sessions.js';

/** How long a browser may take from signing out here to signing out at the provider. */
const TICKET_LIFE_MS = 120_000;
const TICKET_BYTES = 32;

const Ticket = z.object({ provider: z.string(), idToken: z.string() });

interface ProviderSignOutParts {
  readonly providers: Providers;
  readonly store: SessionStore;
  readonly box: SealedBox;
  readonly publicUrl: string;
}

/**
 * Signing out at the provider too (OpenID Connect RP-Initiated Logout 1.0). The ID token that proves whose session it is
 * stays out of reach of the page's scripts: they get a ticket, and the gateway redirects to the provider with the token.
 */
export class ProviderSignOut {
  constructor(private readonly parts: ProviderSignOutParts) {}

  /** Where the browser goes after signing out here: by way of this gateway to the provider, if that knows how to. */
  async urlFor(record: SessionRecord | undefined): Promise<string> {
    const { publicUrl, store, box } = this.parts;
    if (record === undefined || !(await this.endsSessions(record.provider))) return `${publicUrl}/`;
    const ticket = randomBytes(TICKET_BYTES).toString('base64url');
    const key = nameOf(ticket);
    const { provider, idToken } = record;
    await withStore(store.write(key, box.seal(key, JSON.stringify({ provider, idToken })), TICKET_LIFE_MS));
    return `${publicUrl}/auth/logout?ticket=${ticket}`;
  }

  /** Where a ticket leads, once; the front page for one that leads nowhere. */
  async redeem(ticket: string | undefined): Promise<string> {
    const home = `${this.parts.publicUrl}/`;
    if (ticket === undefined) return home;
    const key = nameOf(ticket);
    const sealed = await withStore(this.parts.store.take(key));
    const text = sealed === undefined ? undefined : this.parts.box.open(key, sealed);
    if (text === undefined) return home;
    const { provider, idToken } = Ticket.parse(JSON.parse(text));
    const { configuration } = await this.parts.providers.named(provider).discover();
    return buildEndSessionUrl(configuration, { id_token_hint: idToken, post_logout_redirect_uri: home }).href;
  }

  private async endsSessions(name: string): Promise<boolean> {
    try {
      const { configuration } = await this.parts.providers.named(name).discover();
      return configuration.serverMetadata().end_session_endpoint !== undefined;
    } catch {
      return false;
    }
  }
}

function nameOf(ticket: string): string {
  return `out:${keyOf(ticket)}`;
}
