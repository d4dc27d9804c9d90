import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { KeysReport, RemoteKeys } from './remote-keys.js';

/** Keys of all issuers, refreshed while the application runs. */
export class SigningKeys implements OnApplicationBootstrap, OnApplicationShutdown {
  /** @param standard keys of the issuer that this instance needs to be ready; undefined if it shares a secret. */
  constructor(
    private standard: RemoteKeys | undefined,
    private others: readonly RemoteKeys[],
  ) {}

  /** Replaces the keys by those of other issuers, which have been fetched already. */
  replace(standard: RemoteKeys | undefined, others: readonly RemoteKeys[]): void {
    this.standard = standard;
    this.others = others;
  }

  /** True once the keys of the standard issuer have been fetched. */
  get ready(): boolean {
    return this.standard?.ready ?? true;
  }

  /** Returns the failure of any issuer's keys; undefined if there is none. A single failed fetch does not count. */
  get failure(): string | undefined {
    const reports = this.report();
    if (reports.some(({ isOutdated }) => isOutdated)) return 'outdated';
    return reports.some(({ consecutiveFailures }) => consecutiveFailures > 1) ? 'not refreshed' : undefined;
  }

  report(): KeysReport[] {
    return this.all().map((keys) => keys.report());
  }

  onApplicationBootstrap(): void {
    for (const keys of this.all()) keys.start();
  }

  onApplicationShutdown(): void {
    for (const keys of this.all()) keys.stop();
  }

  private all(): readonly RemoteKeys[] {
    return this.standard === undefined ? this.others : [this.standard, ...this.others];
  }
}
