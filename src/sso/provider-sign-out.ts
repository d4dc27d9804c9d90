import { buildEndSessionUrl } from 'openid-client';
import { z } from 'zod';
import { RedisUnavailable } from '../redis/redis-error.js';
import type { AeadCipher } from '../redis/aead-cipher.js';
import type { Providers } from './providers.js';
import { withStore } from './session-errors.js';
import type { SessionRecord } from './session-record.js';
import { keyOf } from './session-registry.js';
import type { SessionStore } from './session-store.js';
import type { Sessions } from './sessions.js';
import type { Clock } from './steady-clock.js';

/** Maximum time from the sign-out here to the sign-out at the provider, in ms. */
const TICKET_LIFE_MS = 120_000;
/** Longest ticket that fits into a request target of 4096 bytes. */
const MAX_SEALED_LENGTH = 3900;
const KEPT_TICKET = /^[A-Za-z0-9_-]{43}$/;

const Ticket = z.object({
  provider: z.string(),
  idToken: z.string(),
  /** Unix ms. */
  endsAt: z.number(),
});

interface ProviderSignOutParts {
  readonly sessions: Sessions;
  readonly providers: Providers;
  readonly store: SessionStore;
  readonly cipher: AeadCipher;
  readonly publicUrl: string;
  readonly now: Clock;
}

/**
 * Signs out at the provider as well (OpenID Connect RP-Initiated Logout 1.0). The ID token, which proves whose session
 * it is, stays out of reach of the page's scripts: they receive a ticket, and the gateway redirects to the provider
 * with the token.
 */
export class ProviderSignOut {
  constructor(private readonly parts: ProviderSignOutParts) {}

  /** Path of the front page, used when there is nothing to end at a provider. */
  get home(): string {
    return `${this.parts.publicUrl}/`;
  }

  /**
   * Returns the URL for the browser after the sign-out here: a ticket of this gateway if the provider supports logout.
   * To be called before the session ends. The ticket is kept in the store; if the store fails, it contains everything
   * itself, sealed, unless it is too long for a URL.
   */
  async urlFor(sessionId: string): Promise<string> {
    const session = await withStore(this.parts.sessions.peek(sessionId));
    return session === undefined ? this.urlAgain(sessionId) : this.newUrl(sessionId, session.record);
  }

  /** Redeems a ticket once and returns the URL to redirect to; the front page for an invalid ticket. */
  async redeem(ticket: string | undefined): Promise<string> {
    const text = ticket === undefined ? undefined : await withStore(this.open(ticket));
    const parsed = text === undefined ? undefined : Ticket.parse(JSON.parse(text));
    if (parsed === undefined || parsed.endsAt <= this.parts.now()) return this.home;
    const { configuration } = await this.parts.providers.named(parsed.provider).discover();
    const query = { id_token_hint: parsed.idToken, post_logout_redirect_uri: this.home };
    return buildEndSessionUrl(configuration, query).href;
  }

  /**
   * Returns the URL for a session that has just ended: the response that contained it may not have reached the browser.
   */
  private async urlAgain(sessionId: string): Promise<string> {
    const ticket = ticketOf(sessionId);
    const [isKept] = await withStore(this.parts.store.have([keptAt(ticket)]));
    return isKept === true ? this.urlWith(ticket) : this.home;
  }

  private async newUrl(sessionId: string, { provider, idToken }: SessionRecord): Promise<string> {
    if (!(await this.endsSessions(provider))) return this.home;
    const { store, cipher, now } = this.parts;
    const ticket = ticketOf(sessionId);
    const key = keptAt(ticket);
    const text = JSON.stringify({ provider, idToken, endsAt: now() + TICKET_LIFE_MS });
    try {
      await store.write(key, cipher.seal(key, text), TICKET_LIFE_MS);
      return this.urlWith(ticket);
    } catch (error) {
      if (!(error instanceof RedisUnavailable)) throw error;
      const sealed = Buffer.from(cipher.seal('ticket', text), 'base64').toString('base64url');
      return sealed.length > MAX_SEALED_LENGTH ? this.home : this.urlWith(sealed);
    }
  }

  /** Marks a ticket as used and returns its content. */
  private async open(ticket: string): Promise<string | undefined> {
    const { store, cipher } = this.parts;
    const key = keptAt(ticket);
    if (KEPT_TICKET.test(ticket)) {
      const sealed = await store.take(key);
      return sealed === undefined ? undefined : cipher.open(key, sealed);
    }
    const text = cipher.open('ticket', ticket);
    return text !== undefined && (await store.claim(key, 'used', TICKET_LIFE_MS)) ? text : undefined;
  }

  private urlWith(ticket: string): string {
    return `${this.parts.publicUrl}/auth/logout?ticket=${ticket}`;
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

/**
 * Returns the ticket of a session: the same each time, so that a repeated sign-out leads to the same place. It does not
 * reveal the session ID.
 */
function ticketOf(sessionId: string): string {
  return keyOf(`ticket of ${sessionId}`);
}

function keptAt(ticket: string): string {
  return `out:${keyOf(ticket)}`;
}
