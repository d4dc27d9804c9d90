import { lookup } from 'node:dns/promises';
import type { Backoff } from './backoff.js';
import type { Address, HostPort } from './target.js';

/** Looks up the addresses of an upstream. Rejects when its name is not known. */
export type Resolve = () => Promise<readonly Address[]>;

/** What a watch tells. */
export interface AddressEvents {
  onAddresses(addresses: readonly Address[]): void;
  onUnresolved(error: Error): void;
}

/** How often a watch looks. */
export interface WatchTimes {
  readonly refreshMs: number;
  /** The least time between two looks. */
  readonly paceMs: number;
  readonly backoff: Backoff;
  random(): number;
}

/** All addresses of a host, by the system's resolver: `/etc/hosts` and search domains count. */
export function systemResolve({ host, port }: HostPort): Resolve {
  return async () => (await lookup(host, { all: true })).map(({ address }) => ({ host: address, port }));
}

/** Looks a name up again and again: pods that come get calls, and pods that go are let go. */
export class AddressWatch {
  private timer: NodeJS.Timeout | undefined;
  private lookedAt = 0;
  private isLooking = false;
  private isStopped = false;

  constructor(
    private readonly resolve: Resolve,
    private readonly times: WatchTimes,
    private readonly events: AddressEvents,
  ) {}

  start(): void {
    void this.look();
  }

  /** Something changed at the backend: looks as soon as it may. */
  requestReresolution(): void {
    if (this.isLooking || this.isStopped) return;
    this.lookIn(Math.max(this.lookedAt + this.times.paceMs - performance.now(), 0));
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private async look(): Promise<void> {
    this.isLooking = true;
    this.lookedAt = performance.now();
    const found = await this.resolve().catch((error: unknown) => asError(error));
    this.isLooking = false;
    if (this.isStopped) return;
    if (!(found instanceof Error) && found.length > 0) {
      this.times.backoff.reset();
      this.lookIn(this.times.refreshMs * (0.9 + 0.2 * this.times.random()));
      return this.events.onAddresses(found);
    }
    this.lookIn(this.times.backoff.next());
    this.events.onUnresolved(found instanceof Error ? found : new Error('no addresses'));
  }

  private lookIn(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.look(), ms).unref();
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
