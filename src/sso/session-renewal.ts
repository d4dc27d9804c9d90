import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { authUnavailable } from '../access/refusal.js';
import type { CallContext } from '../domain/call-context.js';
import { GatewayError, type GatewayErrorCode } from '../domain/errors.js';
import { type AuthService, type IssuedTokens } from './auth-service.js';
import { sessionOver, withStore } from './session-errors.js';
import { type SessionRecord, tokenTimes } from './session-record.js';
import type { SessionStore } from './session-store.js';
import { keyOf, type Sessions } from './sessions.js';

/** Longer than a renewal can take; a process that dies in one blocks its session for so long. */
const LOCK_MS = 10_000;
const POLL_MS = 50;
/** Between two attempts that no request needs, after AuthService could not be reached. */
const COOLDOWN_MS = 5_000;

/** What AuthService answers when a refresh token is void, or its holder may no longer sign in. All else is no verdict. */
const VERDICTS: ReadonlySet<GatewayErrorCode> = new Set([
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'FAILED_PRECONDITION',
]);

/** Where times come from: Unix ms. */
export type Clock = () => number;

/**
 * Renews access tokens: once for all requests of a session, in this process and in all others, since a refresh token that
 * is used twice ends the session (RFC 9700 4.14.2).
 */
export class SessionRenewal {
  private readonly underWay = new Map<string, Promise<SessionRecord>>();
  private earliestAhead = -Infinity;

  constructor(
    private readonly sessions: Sessions,
    private readonly store: SessionStore,
    private readonly auth: AuthService,
    private readonly now: Clock,
  ) {}

  /** Renews without anybody waiting: the token at hand is still good. */
  ahead(id: string, record: SessionRecord, call: CallContext): void {
    if (this.now() < this.earliestAhead) return;
    this.renew(id, record, call).catch(() => (this.earliestAhead = this.now() + COOLDOWN_MS));
  }

  /** The session with a new access token. Rejects with SESSION_ENDED, or AUTH_UNAVAILABLE when nobody can say. */
  renew(id: string, record: SessionRecord, call: CallContext): Promise<SessionRecord> {
    let renewal = this.underWay.get(id);
    if (renewal === undefined) {
      renewal = withStore(this.renewAlone(id, record, call)).finally(() => this.underWay.delete(id));
      this.underWay.set(id, renewal);
    }
    return renewal;
  }

  /** Whoever has the lock renews; the others wait until the session has changed, or the lock is free again. */
  private async renewAlone(id: string, record: SessionRecord, call: CallContext): Promise<SessionRecord> {
    const lock = `lock:${keyOf(id)}`;
    const holder = randomUUID();
    const giveUpAt = this.now() + LOCK_MS + POLL_MS;
    while (this.now() < giveUpAt) {
      if (await this.store.claim(lock, holder, LOCK_MS)) {
        try {
          return await this.renewHeld(id, record, call);
        } finally {
          await this.store.release(lock, holder).catch(() => undefined);
        }
      }
      await pause(POLL_MS);
      const latest = await this.current(id);
      if (latest.generation !== record.generation) return latest;
    }
    throw authUnavailable('the session is being renewed by another instance', undefined);
  }

  private async renewHeld(id: string, record: SessionRecord, call: CallContext): Promise<SessionRecord> {
    const latest = await this.current(id);
    if (latest.generation !== record.generation) return latest;
    const issued = await this.auth
      .refresh(call, latest.refreshToken)
      .catch((error: unknown) => this.explain(id, error));
    const { accessToken, refreshToken, expiresIn } = issued;
    const times = tokenTimes(this.now(), expiresIn);
    const renewed = { ...latest, accessToken, refreshToken, ...times, generation: latest.generation + 1 };
    if (await this.sessions.replace(id, renewed)) return renewed;
    throw sessionOver('SESSION_ENDED', new Error('signed out during a renewal'));
  }

  private async current(id: string): Promise<SessionRecord> {
    const record = await this.sessions.find(id);
    if (record === undefined) throw sessionOver('SESSION_ENDED');
    return record;
  }

  private async explain(id: string, error: unknown): Promise<IssuedTokens> {
    if (error instanceof GatewayError && VERDICTS.has(error.code)) {
      await this.sessions.end(id);
      throw sessionOver('SESSION_ENDED', error);
    }
    throw authUnavailable('the session cannot be renewed at present', error);
  }
}
