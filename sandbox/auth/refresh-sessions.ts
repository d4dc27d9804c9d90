import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { BoundedMap } from '../data/bounded-map.js';
import type { IssuedToken } from '../data/revocations.js';

const MAX_SESSIONS = 10_000;

interface Session {
  readonly userId: string;
  secret: string;
  /** Access tokens of the session that have not run out. */
  issued: IssuedToken[];
}

/** A refresh token with the session it belongs to. */
export interface RefreshToken {
  readonly sessionId: string;
  readonly userId: string;
  readonly token: string;
}

/**
 * Rotating refresh tokens (RFC 9700, 4.14.2): each is good for one use. A token that comes a second time was copied,
 * so its whole session ends. A token is `<session id>.<secret>`.
 */
@Injectable()
export class RefreshSessions {
  readonly #sessions = new BoundedMap<string, Session>(MAX_SESSIONS);

  /** Begins a session of a user. */
  begin(userId: string): RefreshToken {
    const sessionId = randomUUID();
    const secret = newSecret();
    this.#sessions.set(sessionId, { userId, secret, issued: [] });
    return { sessionId, userId, token: `${sessionId}.${secret}` };
  }

  /**
   * Uses a token up and gives its successor: none when it is unknown, used or of a session that has ended. A token that
   * was used before ends its session, and gives the access tokens that end with it.
   */
  rotate(token: string): { readonly next?: RefreshToken; readonly ended: readonly IssuedToken[] } {
    const [sessionId, session] = this.#find(token);
    if (session === undefined) return { ended: [] };
    if (token !== `${sessionId}.${session.secret}`) {
      this.#sessions.delete(sessionId);
      return { ended: session.issued };
    }
    session.secret = newSecret();
    return { next: { sessionId, userId: session.userId, token: `${sessionId}.${session.secret}` }, ended: [] };
  }

  /** Ends the session of a token if it is this user's; gives the access tokens that end with it. */
  end(token: string, userId: string): readonly IssuedToken[] {
    const [sessionId, session] = this.#find(token);
    if (session?.userId !== userId) return [];
    this.#sessions.delete(sessionId);
    return session.issued;
  }

  /** Takes note of an access token that was issued in a session. */
  note(sessionId: string, token: IssuedToken): void {
    const session = this.#sessions.get(sessionId);
    if (session === undefined) return;
    const nowSeconds = Date.now() / 1000;
    session.issued = [...session.issued.filter(({ exp }) => exp > nowSeconds), token];
  }

  has(sessionId: string): boolean {
    return this.#sessions.has(sessionId);
  }

  #find(token: string): [string, Session | undefined] {
    const sessionId = token.slice(0, Math.max(0, token.indexOf('.')));
    return [sessionId, this.#sessions.get(sessionId)];
  }
}

function newSecret(): string {
  return randomBytes(24).toString('base64url');
}
