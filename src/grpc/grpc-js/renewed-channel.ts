import type { ConnectionsReport } from '../endpoint-report.js';
import type { PoolObserver } from '../client/pool-settings.js';
import { readTlsMaterial, type TlsMaterial } from '../tls-material.js';
import { OpenChannel } from './open-channel.js';
import type { ClientFactory } from './open-client.js';

/** Servers end connections with too many resets (CVE-2023-44487), and everything that is in flight on them. */
const MAX_RESETS = 400;
/** Share of a time by which it differs from instance to instance. */
const JITTER = 0.1;

/** When a channel is replaced; times are ms. */
export interface RenewalTimes {
  /** 0: never for its age. */
  readonly connectionMaxAgeMs: number;
  /** How often certificate files are looked at. */
  readonly resolveIntervalMs: number;
}

/**
 * The channel that calls go over. It is replaced, the new one connected first, when it is old (so that new pods get
 * calls), when its certificate files have changed, when many of its calls were given up, and when nothing comes from it.
 */
export class RenewedChannel {
  private current: OpenChannel;
  private next: OpenChannel | undefined;
  /** Replaced, and calls are still on them. */
  private readonly retiring = new Set<OpenChannel>();
  private material: TlsMaterial | undefined;
  private ageTimer: NodeJS.Timeout | undefined;
  private readonly fileTimer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(
    private readonly factory: ClientFactory,
    private readonly times: RenewalTimes,
    private readonly observer: Pick<PoolObserver, 'replaced'>,
  ) {
    this.material = readTlsMaterial(factory.upstream);
    this.current = this.open();
    this.startAge();
    if (this.material === undefined) return;
    this.fileTimer = setInterval(() => this.renewChanged(), times.resolveIntervalMs).unref();
  }

  /** The channel for the next call. */
  get(): OpenChannel {
    return this.current;
  }

  report(): ConnectionsReport {
    const channels = [this.current, ...this.retiring];
    return {
      endpoints: channels.map((channel) => channel.report()),
      waiting: channels.reduce((sum, { waitingCalls }) => sum + waitingCalls, 0),
    };
  }

  /** A call has ended. */
  onEnd(channel: OpenChannel): void {
    channel.end();
    if (channel.isUnused) this.retiring.delete(channel);
  }

  /** A call waited for its response in vain: a connection that carries nothing may stay open for as long as nobody pings. */
  onSilence(channel: OpenChannel, waitedFrom: number): void {
    if (channel !== this.current || this.next !== undefined || !channel.isSilent(waitedFrom)) return;
    this.observer.replaced(channel.report().address, 'stuck');
    this.renew();
  }

  /** A call that had been sent was given up. */
  onReset(channel: OpenChannel): void {
    channel.resets += 1;
    if (channel === this.current && channel.resets >= MAX_RESETS) this.renew();
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.ageTimer);
    clearInterval(this.fileTimer);
    this.next?.close();
    this.current.close();
  }

  private open(): OpenChannel {
    return new OpenChannel(this.factory.open(this.material), (opened) => this.onReady(opened));
  }

  private onReady(opened: OpenChannel): void {
    if (opened !== this.next || this.isClosed) return;
    const previous = this.current;
    this.current = opened;
    this.next = undefined;
    if (!previous.isUnused) this.retiring.add(previous);
    previous.retire();
    this.startAge();
  }

  private renew(): void {
    if (!this.isClosed) this.next ??= this.open();
  }

  private startAge(): void {
    const { connectionMaxAgeMs } = this.times;
    clearTimeout(this.ageTimer);
    if (connectionMaxAgeMs === 0) return;
    const ageMs = connectionMaxAgeMs * (1 + JITTER * (2 * Math.random() - 1));
    this.ageTimer = setTimeout(() => this.renew(), ageMs).unref();
  }

  /** Files that cannot be read now, or do not fit together yet, are looked at again. */
  private renewChanged(): void {
    try {
      const material = readTlsMaterial(this.factory.upstream);
      if (isSame(material, this.material)) return;
      const previous = this.next;
      this.next = new OpenChannel(this.factory.open(material), (opened) => this.onReady(opened));
      this.material = material;
      previous?.close();
    } catch {
      return;
    }
  }
}

function isSame(one: TlsMaterial | undefined, other: TlsMaterial | undefined): boolean {
  const same = (key: keyof TlsMaterial): boolean => String(one?.[key]) === String(other?.[key]);
  return same('ca') && same('cert') && same('key');
}
