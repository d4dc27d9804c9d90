import type { GatewayConfig } from '../../config/gateway-config.js';
import type { UpstreamConfig } from '../../config/upstreams.js';
import { readTlsMaterial } from '../tls-material.js';
import type { Resolve } from './address-watch.js';
import { Backoff } from './backoff.js';
import type { ConnectionParts } from '../h2/connection.js';
import { dialer } from './dial.js';
import type { FieldSelection } from '../h2/field-selection.js';
import type { KeepaliveSettings } from '../h2/keepalive.js';
import { RESPONSE_FIELDS } from './response-fields.js';
import { type Address, parseTarget, type Target } from './target.js';

type GrpcSettings = GatewayConfig['grpc'];

/** Takes what happens to the connections of an upstream: metrics and the log. */
export interface PoolObserver {
  ejected(address: string): void;
  /** A connection that is open, and of no use, gives way to another. */
  replaced(address: string, reason: string): void;
  /** @param keepaliveMs between two pings from now on. */
  tooManyPings(keepaliveMs: number): void;
}

/** Which upstream to connect to, and how. */
export interface PoolSettings {
  readonly upstream: UpstreamConfig;
  readonly grpc: Omit<GrpcSettings, 'maxReceiveBytes' | 'maxSendBytes'>;
  readonly observer: PoolObserver;
  /** What is read of header blocks, where a policy lets some of them through. */
  readonly fields?: FieldSelection;
  /** In place of the system's resolver. */
  readonly resolve?: Resolve;
}

/** Pings are never rarer than this. */
const MAX_KEEPALIVE_MS = 3_600_000;

/** Makes what each connection of a pool needs. */
export class ConnectionFactory {
  readonly target: Target;
  private keepalive: KeepaliveSettings;

  constructor(private readonly settings: PoolSettings) {
    const { upstream, grpc } = settings;
    this.target = parseTarget(upstream.target);
    this.keepalive = { timeMs: grpc.keepaliveTimeMs, timeoutMs: grpc.keepaliveTimeoutMs };
  }

  /** Reads the certificates anew. Throws when they cannot be read. */
  partsFor(address: Address): ConnectionParts {
    const { upstream, fields = RESPONSE_FIELDS } = this.settings;
    const material = readTlsMaterial(upstream);
    const serverName = upstream.tls.serverName ?? this.target.serverName;
    return {
      dial: dialer(address, material && { material, serverName }),
      origin: { authority: this.target.authority, isEncrypted: material !== undefined },
      keepalive: this.keepalive,
      fields,
    };
  }

  backoff(): Backoff {
    return new Backoff(this.settings.grpc.initialBackoffMs, this.settings.grpc.maxBackoffMs);
  }

  /** Connections made from now on ping half as often (gRFC A8). */
  pingLess(): void {
    const { timeMs, timeoutMs } = this.keepalive;
    this.keepalive = { timeMs: Math.min(timeMs * 2, MAX_KEEPALIVE_MS), timeoutMs };
    this.settings.observer.tooManyPings(this.keepalive.timeMs);
  }
}
