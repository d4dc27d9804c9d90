import type { AuthMetrics } from '../../observe/auth-metrics.js';
import type { DegradeFlag, DegradeFlags } from '../../observe/degrade-flags.js';
import { KEY_FAILURES, type KeyFailure } from './fetch-keys.js';
import type { KeysListener } from './remote-keys.js';

/** Counts the fetches of an issuer's keys and reports its outages, once each. */
export class KeysObserver implements KeysListener {
  private readonly flag: DegradeFlag;

  /** @param onWithdrawn is called when the issuer no longer publishes a key. */
  constructor(
    private readonly issuer: string,
    private readonly metrics: AuthMetrics,
    flags: DegradeFlags,
    private readonly onWithdrawn: () => void,
  ) {
    this.flag = flags.flag({
      component: 'jwks',
      cause: issuer,
      area: 'auth',
      degraded: `JWKS of ${issuer} cannot be refreshed`,
      recovered: `JWKS of ${issuer} refreshed`,
    });
    metrics.keysLastSuccess.set({ issuer }, 0);
    for (const reason of KEY_FAILURES) metrics.keysFailures.inc({ issuer, reason }, 0);
  }

  succeeded(skewSeconds: number | undefined): void {
    this.metrics.keysLastSuccess.set({ issuer: this.issuer }, Date.now() / 1000);
    if (skewSeconds !== undefined) this.metrics.clockSkew.set({ source: this.issuer }, skewSeconds);
    this.flag.lower();
  }

  failed(reason: KeyFailure, error: Error): void {
    this.metrics.keysFailures.inc({ issuer: this.issuer, reason });
    this.flag.suspect(`${reason}: ${error.message}`);
  }

  withdrawn(): void {
    this.onWithdrawn();
  }
}
