import type { ConnectionsReport } from '../endpoint-report.js';
import { GrpcStatus } from '../grpc-code.js';
import { localEnd } from '../call-ends.js';
import type { Connection } from '../h2/connection.js';
import { EndpointSet, type EndpointSetOwner, type EndpointState } from './endpoint-set.js';
import type { Dispatcher, ClientCall } from './client-call.js';
import type { PoolSettings } from './pool-settings.js';
import { Standstill } from '../h2/keepalive.js';

/** Maximum number of calls that wait for a connection or for a free stream; further calls fail immediately. */
const MAX_WAITING = 4_096;
const CLOSED = localEnd(GrpcStatus.UNAVAILABLE, 'Channel closed before call started');
const FULL = localEnd(GrpcStatus.UNAVAILABLE, 'Too many calls wait for a connection');

/** Gives each call a connection: in turn, of those that are ready. */
export class ConnectionPool implements Dispatcher, EndpointSetOwner {
  private readonly endpoints: EndpointSet;
  /** In order of arrival. */
  private readonly waiting = new Set<ClientCall>();
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

  /** Opens the call, or keeps it while a connection is being made; otherwise it fails immediately. */
  dispatch(clientCall: ClientCall): void {
    if (this.isClosed) return clientCall.fail(CLOSED);
    const connection = this.waiting.size === 0 ? this.pick() : undefined;
    if (connection !== undefined) return this.open(clientCall, connection);
    const { failure } = this.endpoints;
    if (failure !== undefined) return clientCall.fail(failure);
    if (this.waiting.size >= MAX_WAITING) return clientCall.fail(FULL);
    this.waiting.add(clientCall);
  }

  withdraw(clientCall: ClientCall): void {
    this.waiting.delete(clientCall);
  }

  /** Peers that allow no streams, or do not read, would keep all calls waiting as long as they answer pings. */
  onStarved(startedAt: number): void {
    if (!this.standstill.isSeen(this.openedAt, startedAt)) return;
    for (const connection of this.endpoints.ready) connection.suspect('stuck');
  }

  /** Calls that wait fail; those on a connection go on. */
  close(): void {
    this.isClosed = true;
    for (const clientCall of this.waiting) clientCall.fail(CLOSED);
    this.endpoints.close();
  }

  onRoom(): void {
    if (this.waiting.size === 0) return;
    for (const clientCall of this.waiting) {
      const connection = this.pick();
      if (connection === undefined) return;
      this.waiting.delete(clientCall);
      this.open(clientCall, connection);
    }
  }

  onChange(): void {
    this.onRoom();
    const { failure } = this.endpoints;
    if (failure === undefined) return;
    for (const clientCall of this.waiting) clientCall.fail(failure);
  }

  private open(clientCall: ClientCall, connection: Connection): void {
    clientCall.openOn(connection);
    this.openedAt = clientCall.openedAt;
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
