import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { KeysReport, RemoteKeys } from './remote-keys.js';

/** The keys of all issuers, kept up to date while the application runs. */
export class SigningKeys implements OnApplicationBootstrap, OnApplicationShutdown {
  /** @param standard the issuer without whose keys this instance is of no use; undefined where it shares a secret. */
  constructor(
    private standard: RemoteKeys | undefined,
    private others: readonly RemoteKeys[],
  ) {}

  /** Takes the keys of other issuers in their place, fetched already. */
  replace(standard: RemoteKeys | undefined, others: readonly RemoteKeys[]): void {
    this.standard = standard;
    this.others = others;
  }

  /** True once those of the standard issuer have been seen. */
  get ready(): boolean {
    return this.standard?.ready ?? true;
  }

  /** Returns what is wrong with the keys of any issuer; undefined when nothing is. One failed fetch is not a failure yet. */
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
