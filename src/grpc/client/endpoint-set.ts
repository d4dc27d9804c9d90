import { GrpcStatus } from '../grpc-code.js';
import { formatListenAddress } from '../../config/listen-address.js';
import type { EndpointReport } from '../endpoint-report.js';
import type { CallEnd } from '../grpc-failure.js';
import { type AddressEvents, AddressWatch, systemResolve } from './address-watch.js';
import { transportEnd } from '../call-ends.js';
import type { Connection, Suspicion } from '../h2/connection.js';
import { Endpoint, type EndpointOwner } from './endpoint.js';
import { ConnectionFactory, type PoolSettings } from './pool-settings.js';
import { type Address, addressKey } from './target.js';

/** What the set tells its pool. */
export interface EndpointSetOwner {
  /** Connections came or went, or there is no hope of one for now. */
  onChange(): void;
  onRoom(): void;
}

/** What an endpoint is good for: calls, none for a while, none yet. */
export type EndpointState = 'ready' | 'ejected' | 'connecting';

/** Each gateway connects to so many pods of an upstream; of more, it picks at random. */
const MAX_ENDPOINTS = 16;

/** The endpoints of an upstream, as many as its name has addresses. New ones are connected before old ones are let go. */
export class EndpointSet implements EndpointOwner, AddressEvents {
  /** Connections that take calls. */
  ready: readonly Connection[] = [];
  private readonly factory: ConnectionFactory;
  private readonly watch: AddressWatch | undefined;
  private readonly endpoints = new Map<string, Endpoint>();
  /** Their address is gone; they serve until another endpoint can. */
  private readonly retiring = new Map<string, Endpoint>();
  private unresolved: CallEnd | undefined;

  constructor(
    private readonly settings: PoolSettings,
    private readonly owner: EndpointSetOwner,
  ) {
    this.factory = new ConnectionFactory(settings);
    const { name } = this.factory.target;
    const resolve = settings.resolve ?? (name && systemResolve(name));
    this.watch = resolve && new AddressWatch(resolve, this.watchTimes(), this);
  }

  start(): void {
    if (this.watch === undefined) this.onAddresses(this.factory.target.addresses);
    else this.watch.start();
  }

  /** Why no connection can be hoped for now; undefined while there is one, or one is being made. */
  get failure(): CallEnd | undefined {
    if (this.ready.length > 0) return undefined;
    if (this.endpoints.size === 0) return this.unresolved;
    let last: CallEnd | undefined;
    for (const { failure } of this.endpoints.values()) {
      if (failure === undefined) return undefined;
      last = failure;
    }
    return last;
  }

  /** Connections close after their last call. */
  close(): void {
    this.watch?.stop();
    for (const endpoint of [...this.endpoints.values(), ...this.retiring.values()]) endpoint.stop();
    this.ready = [];
  }

  onAddresses(addresses: readonly Address[]): void {
    this.unresolved = undefined;
    const chosen = new Map(
      this.choose(addresses).flatMap((address) => this.keysOf(address).map((key) => [key, address])),
    );
    for (const [key, address] of chosen) if (!this.endpoints.has(key)) this.admit(key, address);
    for (const [key, endpoint] of this.endpoints) if (!chosen.has(key)) this.retire(key, endpoint);
    this.settle();
  }

  onUnresolved(error: Error): void {
    this.unresolved = transportEnd(GrpcStatus.UNAVAILABLE, `Name resolution failed: ${error.message}`);
    this.settle();
  }

  onChange(endpoint: Endpoint): void {
    // A lost connection is often the first sign of a pod that goes, and others that come.
    if (endpoint.ready === undefined && !endpoint.isRetired) this.watch?.requestReresolution();
    this.settle();
  }

  /** Its connection is replaced in any case. Never more than half of them are ejected: the others would fail of their load. */
  onSuspect(endpoint: Endpoint, reason: Suspicion | 'faults'): void {
    const { observer } = this.settings;
    this.watch?.requestReresolution();
    if (endpoint.replaceSuspect()) observer.replaced(endpoint.address, reason);
    const ejected = [...this.endpoints.values()].filter(({ isEjected }) => isEjected).length;
    if (reason !== 'faults' || ejected + 1 > this.endpoints.size / 2) return;
    endpoint.eject();
    observer.ejected(endpoint.address);
    this.settle();
  }

  /** How many endpoints there are of each state. */
  count(): Readonly<Record<EndpointState, number>> {
    const counts = { ready: 0, ejected: 0, connecting: 0 };
    for (const { isEjected, ready } of this.endpoints.values()) {
      counts[isEjected ? 'ejected' : ready === undefined ? 'connecting' : 'ready'] += 1;
    }
    return counts;
  }

  report(): EndpointReport[] {
    return [...this.endpoints.values(), ...this.retiring.values()].map((endpoint) => endpoint.report());
  }

  onRoom(): void {
    this.owner.onRoom();
  }

  onTooManyPings(): void {
    this.factory.pingLess();
  }

  private settle(): void {
    const all = [...this.endpoints.values()];
    const sound = connections(all.filter(({ isEjected }) => !isEjected));
    const ready = sound.length > 0 ? sound : connections(all);
    this.letGo(ready.length > 0 ? 0 : MAX_ENDPOINTS);
    this.ready = ready.length > 0 ? ready : connections(this.retiring.values());
    this.owner.onChange();
  }

  /** Lets retired endpoints go that have no connection any more, and the oldest of the others beyond a number. */
  private letGo(keep: number): void {
    let beyond = this.retiring.size - keep;
    for (const [key, endpoint] of this.retiring) {
      beyond -= 1;
      if (beyond < 0 && endpoint.ready !== undefined) continue;
      this.retiring.delete(key);
      endpoint.stop();
    }
  }

  private retire(key: string, endpoint: Endpoint): void {
    this.endpoints.delete(key);
    this.retiring.set(key, endpoint);
    endpoint.retire();
  }

  private admit(key: string, address: Address): void {
    const back = this.retiring.get(key);
    this.retiring.delete(key);
    const endpoint = back ?? this.endpointAt(address);
    this.endpoints.set(key, endpoint);
    if (back === undefined) endpoint.connect();
    else endpoint.revive();
  }

  private endpointAt(address: Address): Endpoint {
    const { factory } = this;
    const { initialBackoffMs: paceMs, connectionMaxAgeMs: maxAgeMs } = this.settings.grpc;
    const parts = {
      address: 'path' in address ? `unix:${address.path}` : formatListenAddress(address),
      maxAgeMs,
      paceMs,
      connectionParts: () => factory.partsFor(address),
      backoff: factory.backoff(),
    };
    return new Endpoint(parts, this);
  }

  /** All addresses, or as many as are allowed: those in use first, others at random. */
  private choose(addresses: readonly Address[]): readonly Address[] {
    if (addresses.length <= MAX_ENDPOINTS) return addresses;
    const isInUse = (address: Address) => this.keysOf(address).some((key) => this.endpoints.has(key));
    const [inUse, others] = [addresses.filter(isInUse), addresses.filter((address) => !isInUse(address))];
    const shuffled = others
      .map((address) => ({ address, order: Math.random() }))
      .sort((a, b) => a.order - b.order)
      .map(({ address }) => address);
    return [...inUse, ...shuffled].slice(0, MAX_ENDPOINTS);
  }

  /** An endpoint each for as many connections as an address is to have. */
  private keysOf(address: Address): string[] {
    const { connectionsPerAddress } = this.settings.grpc;
    return Array.from({ length: connectionsPerAddress }, (_, n) => `${addressKey(address)}#${n}`);
  }

  private watchTimes() {
    const { grpc } = this.settings;
    return {
      refreshMs: grpc.resolveIntervalMs,
      paceMs: grpc.maxBackoffMs,
      backoff: this.factory.backoff(),
      random: Math.random,
    };
  }
}

function connections(endpoints: Iterable<Endpoint>): Connection[] {
  return [...endpoints].flatMap(({ ready }) => ready ?? []);
}
