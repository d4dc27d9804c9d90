import { type Client, connectivityState } from '@grpc/grpc-js';
import { Standstill } from '../h2/keepalive.js';
import type { EndpointReport, LastFailure } from '../endpoint-report.js';

/** The channel of a grpc-js client: @grpc/grpc-js exports no name for it. */
export type GrpcChannel = ReturnType<Client['getChannel']>;

/** A call that waits until the channel has a connection. */
export interface WaitingCall {
  onConnected(): void;
}

/** One client and its connections: which state they are in, and which calls wait for them. */
export class OpenChannel {
  readonly channel: GrpcChannel;
  private readonly waiting = new Set<WaitingCall>();
  private isRetired = false;
  /** Its client was closed: no call can be made. */
  isClosed = false;
  private state = connectivityState.IDLE;
  /** Calls on it, those that wait included. */
  private calls = 0;
  /** Why it last failed a call. */
  private lastFailure: LastFailure | undefined;
  /** When anything last came from the backend, in `performance.now()` ms. */
  heardAt = 0;
  private readonly standstill = new Standstill();
  /** Calls that were given up after they had been sent: each is a RST_STREAM. */
  resets = 0;

  /** @param onReady called whenever the channel gets a connection. */
  constructor(
    private readonly client: Client,
    private readonly onReady: (opened: OpenChannel) => void,
  ) {
    this.channel = client.getChannel();
    this.watch();
  }

  get isReady(): boolean {
    return this.state === connectivityState.READY;
  }

  get waitingCalls(): number {
    return this.waiting.size;
  }

  /** All its connections count as one endpoint: grpc-js shows one state for them. */
  report(): EndpointReport {
    const current = this.isReady ? 'ready' : 'connecting';
    return {
      address: this.channel.getTarget(),
      state: this.isRetired ? 'retiring' : current,
      inFlight: this.calls - this.waiting.size,
      lastFailure: this.lastFailure,
    };
  }

  /**
   * Returns whether it has a connection that carries nothing.
   * @param waitedFrom since when a call waited for its response in vain, in `performance.now()` ms.
   */
  isSilent(waitedFrom: number): boolean {
    return this.isReady && this.standstill.isSeen(this.heardAt, waitedFrom);
  }

  noteFailure(reason: string): void {
    this.lastFailure = { reason, at: Date.now() };
  }

  wait(call: WaitingCall): void {
    this.waiting.add(call);
  }

  withdraw(call: WaitingCall): void {
    this.waiting.delete(call);
  }

  begin(): void {
    this.calls += 1;
  }

  /** A call has ended. */
  end(): void {
    this.calls -= 1;
    if (this.isRetired && this.isUnused) this.close();
  }

  get isUnused(): boolean {
    return this.calls === 0;
  }

  /** Closes after its last call: to close earlier would fail those that wait for its connection. */
  retire(): void {
    this.isRetired = true;
    if (this.isUnused) this.close();
  }

  /** Fails the calls that wait; each connection closes after its last call. */
  close(): void {
    this.isClosed = true;
    this.state = connectivityState.SHUTDOWN;
    this.client.close();
  }

  /** Connects, and follows the state of the channel until it is closed. */
  private watch(): void {
    // To ask a closed channel to connect would open it again.
    if (this.isClosed) return;
    this.state = this.channel.getConnectivityState(true);
    if (this.isReady) this.release();
    this.channel.watchConnectivityState(this.state, Infinity, () => this.watch());
  }

  private release(): void {
    for (const call of this.waiting) call.onConnected();
    this.waiting.clear();
    this.onReady(this);
  }
}
