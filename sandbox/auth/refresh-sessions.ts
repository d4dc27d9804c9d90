import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { BoundedMap } from '../data/bounded-map.js';

const MAX_SESSIONS = 10_000;

interface Session {
  readonly userId: string;
  secret: string;
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
    this.#sessions.set(sessionId, { userId, secret });
    return { sessionId, userId, token: `${sessionId}.${secret}` };
  }

  /** Uses a token up and gives its successor; undefined when it is unknown, used or of a session that has ended. */
  rotate(token: string): RefreshToken | undefined {
    const [sessionId, session] = this.#find(token);
    if (session === undefined) return undefined;
    if (token !== `${sessionId}.${session.secret}`) {
      this.#sessions.delete(sessionId);
      return undefined;
    }
    session.secret = newSecret();
    return { sessionId, userId: session.userId, token: `${sessionId}.${session.secret}` };
  }

  /** Ends the session of a token if it is this user's. */
  end(token: string, userId: string): void {
    const [sessionId, session] = this.#find(token);
    if (session?.userId === userId) this.#sessions.delete(sessionId);
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
