import type { ConnectionsReport } from '../endpoint-report.js';
import { GrpcStatus } from '../grpc-code.js';
import { localEnd } from './call-ends.js';
import type { Connection } from './connection.js';
import { EndpointSet, type EndpointSetOwner, type EndpointState } from './endpoint-set.js';
import type { Dispatcher, Exchange } from './exchange.js';
import type { PoolSettings } from './pool-settings.js';
import { Standstill } from './standstill.js';

/** Calls that may wait for a connection, or for room on one; further ones fail at once. */
const MAX_WAITING = 4_096;
const CLOSED = localEnd(GrpcStatus.UNAVAILABLE, 'Channel closed before call started');
const FULL = localEnd(GrpcStatus.UNAVAILABLE, 'Too many calls wait for a connection');

/** Gives each call a connection: in turn, of those that are ready. */
export class ConnectionPool implements Dispatcher, EndpointSetOwner {
  private readonly endpoints: EndpointSet;
  /** In order of arrival. */
  private readonly waiting = new Set<Exchange>();
  private turn = 0;
  private isClosed = false;
  /** When a call was last opened, in `performance.now()` ms. */
  private openedAt = 0;
  private readonly standstill = new Standstill();

  constructor(settings: PoolSettings) {
    this.endpoints = new EndpointSet(settings, this);
  }

  start(): void {
    this.endpoints.start();
  }

  get isConnected(): boolean {
    return this.endpoints.ready.length > 0;
  }

  endpointCounts(): Readonly<Record<EndpointState, number>> {
    return this.endpoints.count();
  }

  report(): ConnectionsReport {
    return { endpoints: this.endpoints.report(), waiting: this.waiting.size };
  }

  /** Opens the call, or keeps it while a connection can be hoped for; without hope it fails at once. */
  dispatch(exchange: Exchange): void {
    if (this.isClosed) return exchange.fail(CLOSED);
    const connection = this.waiting.size === 0 ? this.pick() : undefined;
    if (connection !== undefined) return this.open(exchange, connection);
    const { failure } = this.endpoints;
    if (failure !== undefined) return exchange.fail(failure);
    if (this.waiting.size >= MAX_WAITING) return exchange.fail(FULL);
    this.waiting.add(exchange);
  }

  withdraw(exchange: Exchange): void {
    this.waiting.delete(exchange);
  }

  /** Peers that allow no streams, or do not read, would keep all calls waiting as long as they answer pings. */
  onStarved(startedAt: number): void {
    if (!this.standstill.isSeen(this.openedAt, startedAt)) return;
    for (const connection of this.endpoints.ready) connection.suspect('stuck');
  }

  /** Calls that wait fail; those on a connection go on. */
  close(): void {
    this.isClosed = true;
    for (const exchange of this.waiting) exchange.fail(CLOSED);
    this.endpoints.close();
  }

  onRoom(): void {
    if (this.waiting.size === 0) return;
    for (const exchange of this.waiting) {
      const connection = this.pick();
      if (connection === undefined) return;
      this.waiting.delete(exchange);
      this.open(exchange, connection);
    }
  }

  onChange(): void {
    this.onRoom();
    const { failure } = this.endpoints;
    if (failure === undefined) return;
    for (const exchange of this.waiting) exchange.fail(failure);
  }

  private open(exchange: Exchange, connection: Connection): void {
    exchange.openOn(connection);
    this.openedAt = exchange.openedAt;
  }

  private pick(): Connection | undefined {
    const { ready } = this.endpoints;
    for (let tried = 0; tried < ready.length; tried++) {
      this.turn = (this.turn + 1) % ready.length;
      const connection = ready[this.turn];
      if (connection?.hasRoom) return connection;
    }
    return undefined;
  }
}
