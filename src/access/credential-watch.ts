import type { OnApplicationShutdown } from '@nestjs/common';
import { GatewayError } from '../domain/errors.js';
import type { Principal } from '../domain/principal.js';
import type { Revocation } from '../domain/revocation.js';
import type { SessionReader } from '../domain/session-reader.js';
import type { TenantEntitlements } from '../traffic/entitlements.js';
import type { Authenticator } from './authenticator.js';
import { type PresentedCredential, credentialOf } from './credentials.js';
import type { GuardedRequest } from './gateway-guard.js';
import { credentialEnded } from './refusal.js';
import { tenantSuspended } from './tenant.guard.js';

/** Pause between two checks against memory, in ms. */
const LOOK_MS = 1_000;
/**
 * Number of checks after which a credential is verified again: its key may have been withdrawn, or AuthService may have
 * ended it.
 */
const LOOKS_PER_CHECK = 10;

interface CredentialWatchParts {
  readonly authenticator: Pick<Authenticator, 'identify'>;
  readonly entitlements: Pick<TenantEntitlements, 'find'>;
  readonly revocation?: Revocation | undefined;
  readonly sessions?: Pick<SessionReader, 'areLive'> | undefined;
  /** Time for which a JWT is accepted after its `exp`, in ms. */
  readonly clockToleranceMs: number;
  /** Returns the time in Unix ms. */
  readonly now?: () => number;
}

interface WatchOptions {
  /**
   * True if the `exp` of the credential ends it. A browser session has its own end, since its access token is renewed.
   */
  readonly untilExpiry: boolean;
}

interface Watched extends WatchOptions {
  readonly request: GuardedRequest;
  readonly principal: Principal;
  readonly credential: PresentedCredential;
  readonly onEnd: (reason: GatewayError) => void;
  looks: number;
}

/**
 * Detects that the credential of a request in progress stops being valid: revoked (token, subject, tenant), session
 * ended, tenant suspended, expired, or rejected by its issuer. One timer checks all requests in memory once per second;
 * sessions cost one store command each, other credentials are verified again every ten seconds. An outage of a store or
 * of AuthService ends no request.
 */
export class CredentialWatch implements OnApplicationShutdown {
  private readonly watched = new Set<Watched>();
  private timer: NodeJS.Timeout | undefined;
  private askingSessions = false;

  constructor(private readonly parts: CredentialWatchParts) {}

  /**
   * Calls `onEnd` once, with the error that ends the request, when its credential is no longer valid: at most about one
   * second after this instance can know. Returns an idempotent function that stops the watch.
   */
  watch(
    request: GuardedRequest,
    onEnd: (reason: GatewayError) => void,
    options: WatchOptions = { untilExpiry: true },
  ): () => void {
    const credential = credentialOf(request);
    const { principal } = request.call;
    if (principal === undefined || !('value' in credential)) return () => undefined;
    const entry = { ...options, request, principal, credential, onEnd, looks: 0 };
    this.watched.add(entry);
    this.timer ??= setInterval(() => void this.look(), LOOK_MS).unref();
    return () => this.leave(entry);
  }

  onApplicationShutdown(): void {
    this.watched.clear();
    this.stop();
  }

  /** Returns the number of requests that are watched. */
  get size(): number {
    return this.watched.size;
  }

  private leave(entry: Watched): void {
    this.watched.delete(entry);
    if (this.watched.size === 0) this.stop();
  }

  private stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private end(entry: Watched, reason: GatewayError): void {
    if (!this.watched.has(entry)) return;
    this.leave(entry);
    entry.onEnd(reason);
  }

  private async look(): Promise<void> {
    for (const entry of this.watched) {
      const reason = this.endByMemory(entry);
      if (reason !== undefined) this.end(entry, reason);
      else if (++entry.looks % LOOKS_PER_CHECK === 0) void this.check(entry);
    }
    await this.lookAtSessions();
  }

  private endByMemory({ principal, untilExpiry, request }: Watched): GatewayError | undefined {
    const { revocation, entitlements } = this.parts;
    const reason = revocation?.verdict(principal);
    if (reason !== undefined) return credentialEnded(reason);
    if (untilExpiry && this.hasExpired(principal)) return credentialEnded('TOKEN_EXPIRED');
    if (this.isSessionOver(principal)) return credentialEnded('SESSION_ENDED');
    const tenant = entitlements.find(request.call);
    return !(tenant instanceof Promise) && tenant?.suspended === true ? tenantSuspended() : undefined;
  }

  private hasExpired({ authMethod, expiresAt }: Principal): boolean {
    if (authMethod === 'session') return false;
    const { clockToleranceMs, now = Date.now } = this.parts;
    return expiresAt * 1000 + (authMethod === 'jwt' ? clockToleranceMs : 0) <= now();
  }

  /** Returns true if the session has reached its maximum age. The store keeps such a session until it is next read. */
  private isSessionOver({ sessionEndsAt = Infinity }: Principal): boolean {
    const { now = Date.now } = this.parts;
    return sessionEndsAt * 1000 <= now();
  }

  /** Runs the checks that need a store or AuthService. */
  private async check(entry: Watched): Promise<void> {
    try {
      const { revocation, authenticator } = this.parts;
      const revoked = revocation?.partial === true ? await revocation.lookUp(entry.principal) : undefined;
      if (revoked !== undefined) this.end(entry, credentialEnded(revoked));
      else if (entry.credential.kind !== 'session') await authenticator.identify(entry.credential, entry.request);
    } catch (error) {
      if (!(error instanceof GatewayError) || error.code !== 'UNAUTHENTICATED') return;
      const { decisionReason = 'SESSION_INVALID' } = error;
      if (entry.untilExpiry || decisionReason !== 'TOKEN_EXPIRED') this.end(entry, credentialEnded(decisionReason));
    }
  }

  private async lookAtSessions(): Promise<void> {
    const entries = [...this.watched].filter(({ credential }) => credential.kind === 'session');
    if (entries.length === 0 || this.askingSessions) return;
    this.askingSessions = true;
    try {
      const live = await this.parts.sessions?.areLive(entries.map(({ credential }) => credential.value));
      for (const [at, entry] of entries.entries()) {
        if (live?.[at] === false) this.end(entry, credentialEnded('SESSION_ENDED'));
      }
    } catch {
      // The store did not respond: its connection reports that, and no request ends because of it.
    } finally {
      this.askingSessions = false;
    }
  }
}
