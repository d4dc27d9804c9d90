import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { authUnavailable } from '../access/refusal.js';
import type { CallContext } from '../domain/call-context.js';
import { GatewayError, type GatewayErrorCode } from '../domain/errors.js';
import { type AuthService, type IssuedTokens } from './auth-service.js';
import { RenewedSessions } from './renewed-sessions.js';
import { sessionOver, withStore } from './session-errors.js';
import { type SessionRecord, tokenTimes } from './session-record.js';
import { keyOf } from './session-registry.js';
import type { SessionStore } from './session-store.js';
import type { Sessions } from './sessions.js';
import type { Clock } from './steady-clock.js';

/**
 * Lifetime of the lock, in ms: longer than a renewal can take. A renewal that could not be written is retried for this
 * time.
 */
const LOCK_MS = 30_000;
/**
 * Maximum time that a request waits for the renewal by another instance, in ms. A process that crashes during a renewal
 * blocks its session until the lock expires.
 */
const WAIT_MS = 10_000;
const POLL_MS = 50;
/** Pause in background renewals after AuthService could not be reached, in ms. */
const COOLDOWN_MS = 5_000;

/**
 * Codes with which AuthService reports that a refresh token is void, or that its user may not sign in. Other codes say
 * nothing about the session.
 */
const VERDICTS: ReadonlySet<GatewayErrorCode> = new Set([
  'UNAUTHENTICATED',
  'PERMISSION_DENIED',
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'FAILED_PRECONDITION',
]);

interface RenewalParts {
  readonly sessions: Sessions;
  readonly store: SessionStore;
  readonly auth: AuthService;
  /** Returns Unix ms. */
  readonly now: Clock;
}

/**
 * Renews access tokens: once for all requests of a session, across all processes, since a refresh token that is used
 * twice ends the session (RFC 9700 4.14.2).
 */
export class SessionRenewal {
  private readonly underWay = new Map<string, Promise<SessionRecord>>();
  private readonly renewed: RenewedSessions;
  /** Holder of locks. A process runs one renewal per session at a time, so the process is the holder. */
  private readonly holder = randomUUID();
  /** Monotonic ms, like the other waiting times here. */
  private earliestAhead = -Infinity;

  constructor(private readonly parts: RenewalParts) {
    this.renewed = new RenewedSessions(parts.sessions);
  }

  /** Renews in the background while the current token is still valid. */
  ahead(id: string, record: SessionRecord, call: CallContext): void {
    if (performance.now() < this.earliestAhead) return;
    this.renew(id, record, call).catch(() => (this.earliestAhead = performance.now() + COOLDOWN_MS));
  }

  /** Returns the number of renewals dropped so far because too many waited to be written. */
  get evicted(): number {
    return this.renewed.evicted;
  }

  /**
   * Returns the session with a new access token. Rejects with SESSION_ENDED, or with AUTH_UNAVAILABLE when AuthService
   * cannot be reached.
   */
  renew(id: string, record: SessionRecord, call: CallContext): Promise<SessionRecord> {
    let renewal = this.underWay.get(id);
    if (renewal === undefined) {
      renewal = withStore(this.renewAlone(id, record, call)).finally(() => this.underWay.delete(id));
      this.underWay.set(id, renewal);
    }
    return renewal;
  }

  /** Renews if it gets the lock; otherwise waits until the session has changed or the lock is free again. */
  private async renewAlone(id: string, record: SessionRecord, call: CallContext): Promise<SessionRecord> {
    const lock = `lock:${keyOf(id)}`;
    const giveUpAt = performance.now() + WAIT_MS;
    while (performance.now() < giveUpAt) {
      const claimedAt = performance.now();
      if (await this.claim(lock)) return this.renewLocked(lock, claimedAt + LOCK_MS, { id, record, call });
      await pause(POLL_MS);
      const latest = await this.current(id);
      if (latest.generation !== record.generation) return latest;
    }
    throw authUnavailable('the session is being renewed by another instance', undefined);
  }

  /**
   * Claims the lock. A claim whose response was lost leaves this process as the holder: the lock is released and
   * claimed again.
   */
  private async claim(lock: string): Promise<boolean> {
    const { store } = this.parts;
    if (await store.claim(lock, this.holder, LOCK_MS)) return true;
    if ((await store.peek(lock))?.value !== this.holder) return false;
    await store.release(lock, this.holder);
    return store.claim(lock, this.holder, LOCK_MS);
  }

  /** Renews while holding the lock, which is kept as long as a renewed token waits to be written. */
  private async renewLocked(
    lock: string,
    endsAt: number,
    { id, record, call }: { readonly id: string; readonly record: SessionRecord; readonly call: CallContext },
  ): Promise<SessionRecord> {
    const release = () => this.parts.store.release(lock, this.holder).catch(() => undefined);
    try {
      return await this.renewHeld(id, record, call);
    } finally {
      const written = this.renewed.writing(id, endsAt);
      if (written === undefined) await release();
      else void written.then(release);
    }
  }

  private async renewHeld(id: string, record: SessionRecord, call: CallContext): Promise<SessionRecord> {
    const latest = await this.current(id);
    if (latest.generation !== record.generation) return latest;
    const renewed = this.renewed.of(id, latest) ?? (await this.refresh(id, latest, call));
    if (await this.renewed.write(id, renewed)) return renewed;
    throw sessionOver('SESSION_ENDED', { cause: new Error('signed out during a renewal') });
  }

  private async refresh(id: string, latest: SessionRecord, call: CallContext): Promise<SessionRecord> {
    const { auth, now } = this.parts;
    const issued = await auth.refresh(call, latest.refreshToken).catch((error: unknown) => this.explain(id, error));
    const { accessToken, refreshToken, expiresIn } = issued;
    return { ...latest, accessToken, refreshToken, ...tokenTimes(now(), expiresIn), generation: latest.generation + 1 };
  }

  /** Reads the session without extending it: waiting for a renewal does not count as a use. */
  private async current(id: string): Promise<SessionRecord> {
    const session = await this.parts.sessions.peek(id);
    if (session === undefined) throw sessionOver('SESSION_ENDED');
    return session.record;
  }

  private async explain(id: string, error: unknown): Promise<IssuedTokens> {
    if (error instanceof GatewayError && VERDICTS.has(error.code)) {
      await this.parts.sessions.end(id);
      throw sessionOver('SESSION_ENDED', { cause: error });
    }
    throw authUnavailable('the session cannot be renewed at present', error);
  }
}
