import { GrpcStatus } from '../grpc-code.js';
import type { GatewayError } from '../../domain/errors.js';
import { type CallEnd, GrpcFailure } from '../grpc-failure.js';
import { callError } from '../status.js';
import type { TransportCall } from '../transport.js';
import { localEnd, resetEnd } from './call-ends.js';
import type { Connection } from './connection.js';
import type { DeadlineWheel, Timed } from './deadline-wheel.js';
import { ErrorCode } from './frames.js';
import type { Receiver } from './receiver.js';
import { type Progress, Response } from './response.js';
import type { ResponseHeaders, Stream, StreamListener } from './stream.js';

/** Where a call goes to find a connection. */
export interface Dispatcher {
  /** Opens the call, keeps it until it can be, or fails it. */
  dispatch(exchange: Exchange): void;
  /** The call does not wait any more. */
  withdraw(exchange: Exchange): void;
  /** There is a connection, and the call waits for room on it. */
  readonly isConnected: boolean;
}

/** What all calls of an upstream share. */
export interface ExchangeParts {
  readonly dispatcher: Dispatcher;
  readonly wheel: DeadlineWheel;
  readonly maxReceiveBytes: number;
}

/** One call from its start to its one end, on its second connection if the first did not touch it. */
export class Exchange implements StreamListener, Timed {
  private connection: Connection | undefined;
  private stream: Stream | undefined;
  private readonly response: Response;
  private isSettled = false;
  private isSecondTry = false;

  constructor(
    readonly call: TransportCall,
    private readonly parts: ExchangeParts,
    private readonly receiver: Receiver,
  ) {
    this.response = new Response(receiver);
  }

  get deadlineAt(): number {
    return this.call.deadlineAt;
  }

  get windowBytes(): number {
    return this.receiver.windowBytes;
  }

  start(): void {
    this.parts.wheel.add(this);
    this.call.signal.addEventListener('abort', this);
    this.parts.dispatcher.dispatch(this);
  }

  /** A connection with room was found. */
  openOn(connection: Connection): void {
    this.connection = connection;
    this.stream = connection.open(this, this.deadlineAt - performance.now());
  }

  /** The request was given up. */
  handleEvent(): void {
    this.fail(localEnd(GrpcStatus.CANCELLED, 'Cancelled on client'));
  }

  onDeadline(): void {
    this.fail(localEnd(GrpcStatus.DEADLINE_EXCEEDED, `Deadline exceeded ${this.waitedFor}`));
  }

  onHeaders(headers: ResponseHeaders): void {
    this.advance(this.response.headers(headers));
  }

  onData(bytes: Buffer, start: number, end: number): number {
    this.advance(this.response.data(bytes, start, end));
    return this.receiver.isHolding ? end - start : 0;
  }

  /** The receiver has read so many of the bytes that it held. */
  release(bytes: number): void {
    if (this.stream !== undefined) this.connection?.release(this.stream, bytes);
  }

  onEnd(): void {
    this.advance(this.response.end());
  }

  onReset(errorCode: number): void {
    if (errorCode === ErrorCode.REFUSED_STREAM) this.onUntouched(resetEnd(errorCode));
    else this.fail(resetEnd(errorCode));
  }

  /** The backend has not begun: once, and within the deadline, the call goes out again (gRFC A6, transparent retries). */
  onUntouched(end: CallEnd): void {
    if (this.isSettled) return;
    if (this.isSecondTry || !this.response.isUntouched) return this.fail(end);
    this.isSecondTry = true;
    this.connection = undefined;
    this.stream = undefined;
    this.parts.dispatcher.dispatch(this);
  }

  onLost(end: CallEnd): void {
    this.connection = undefined;
    this.fail(end);
  }

  /** Ends the call, at the backend too. The first end counts. */
  fail(end: CallEnd): void {
    if (!this.settle()) return;
    if (this.stream === undefined) this.parts.dispatcher.withdraw(this);
    else this.connection?.cancel(this.stream);
    const error = callError(this.call, { ...end, grpcHeaders: this.response.grpcHeaders });
    this.judge(error);
    this.receiver.fail(error);
  }

  /** A connection that was lost says so itself, and a deadline that the client shortened says nothing of the backend. */
  private judge({ cause }: GatewayError): void {
    if (this.connection === undefined || !(cause instanceof GrpcFailure)) return;
    const { backendFault, grpcCode, origin } = cause;
    if (!backendFault && origin === 'app') this.connection.judge(true);
    if (!backendFault || (grpcCode === 'DEADLINE_EXCEEDED' && this.call.isHurried === true)) return;
    this.connection.judge(false);
  }

  private advance(progress: Progress): void {
    if (progress === undefined) return;
    if (progress === 'complete') return this.succeed();
    // The backend's clock ran out a moment before the wheel turned: it is the same deadline.
    if (progress.code === GrpcStatus.DEADLINE_EXCEEDED && performance.now() >= this.deadlineAt)
      return this.onDeadline();
    this.fail(progress);
  }

  private succeed(): void {
    if (!this.settle()) return;
    this.connection?.judge(true);
    this.receiver.succeed();
  }

  private settle(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    this.parts.wheel.remove(this);
    this.call.signal.removeEventListener('abort', this);
    return true;
  }

  private get waitedFor(): string {
    if (this.stream !== undefined) return 'waiting for the response';
    return this.parts.dispatcher.isConnected ? 'waiting for a free stream' : 'waiting for a connection';
  }
}
