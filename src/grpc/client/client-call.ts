import { GrpcStatus } from '../grpc-code.js';
import type { GatewayError } from '../../domain/errors.js';
import { type CallEnd, GrpcFailure } from '../grpc-failure.js';
import { callError } from '../status.js';
import type { TransportCall } from '../transport.js';
import { localEnd, resetEnd } from '../call-ends.js';
import type { Connection } from '../h2/connection.js';
import { enforcesDeadline, isDeadlineOfCall, isOwnPause } from './deadline-rule.js';
import type { DeadlineWheel, Timed } from './deadline-wheel.js';
import type { FieldSelection } from '../h2/field-selection.js';
import { ErrorCode } from '../h2/frames.js';
import { type Receiver, type Progress, Response } from './response.js';
import type { ResponseHeaders, Stream, StreamListener } from '../h2/stream.js';

/** Whoever leaves before that proves nothing of the connection, in ms. */
const PATIENCE_MS = 1_000;
const HEADERS_TOO_LARGE = localEnd(
  GrpcStatus.INTERNAL,
  'Request headers exceed SETTINGS_MAX_HEADER_LIST_SIZE of the peer',
);

/** Where a call goes to find a connection. */
export interface Dispatcher {
  /** Opens the call, keeps it until it can be, or fails it. */
  dispatch(clientCall: ClientCall): void;
  /** The call does not wait any more. */
  withdraw(clientCall: ClientCall): void;
  /** A call waited for room in vain. @param startedAt since when, in `performance.now()` ms. */
  onStarved(startedAt: number): void;
  /** There is a connection, and the call waits for room on it. */
  readonly isConnected: boolean;
}

/** What all calls of an upstream share. */
export interface ClientCallParts {
  readonly dispatcher: Dispatcher;
  readonly wheel: DeadlineWheel;
  readonly maxReceiveBytes: number;
  /** What is read of header blocks, where a policy lets some of them through. */
  readonly fields?: FieldSelection | undefined;
}

/** One call from its start to its one end, on its second connection if the first did not touch it. */
export class ClientCall implements StreamListener, Timed {
  /** Its neighbors in the deadline wheel. */
  before: Timed | undefined;
  after: Timed | undefined;
  private connection: Connection | undefined;
  private stream: Stream | undefined;
  private readonly response: Response;
  private isSettled = false;
  private isSecondTry = false;
  /** When the call began and when it was last opened on a connection, in `performance.now()` ms. */
  startedAt = 0;
  openedAt = 0;
  private waitsSince = 0;

  constructor(
    readonly call: TransportCall,
    private readonly parts: ClientCallParts,
    private readonly receiver: Receiver,
  ) {
    const { headers } = call;
    const { fields } = parts;
    this.response = new Response(receiver, headers && fields && { sink: headers, fields });
  }

  get deadlineAt(): number {
    return this.call.deadlineAt;
  }

  get windowBytes(): number {
    return this.receiver.windowBytes;
  }

  start(): void {
    this.startedAt = performance.now();
    this.waitsSince = this.startedAt;
    this.parts.wheel.add(this);
    this.call.signal.addEventListener('abort', this);
    this.parts.dispatcher.dispatch(this);
  }

  /** A connection with room was found. */
  openOn(connection: Connection): void {
    this.openedAt = performance.now();
    this.noteWait(this.openedAt);
    if (this.openedAt >= this.deadlineAt) return this.onDeadline();
    if (!connection.takes(this.call)) return this.fail(HEADERS_TOO_LARGE);
    this.connection = connection;
    this.stream = connection.open(this, this.openedAt);
  }

  /** The request was given up. */
  handleEvent(): void {
    if (performance.now() - this.startedAt >= PATIENCE_MS) this.reportSilence();
    this.fail(localEnd(GrpcStatus.CANCELLED, 'Cancelled on client'));
  }

  onDeadline(stalledMs = 0): void {
    const end = localEnd(GrpcStatus.DEADLINE_EXCEEDED, `Deadline exceeded ${this.waitedFor}`);
    if (isOwnPause(this, stalledMs)) return this.fail({ ...end, isOwnPause: true });
    this.reportSilence();
    this.fail(end);
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
    if (errorCode === ErrorCode.REFUSED_STREAM) return this.onUnprocessed(resetEnd(errorCode));
    const enforces = errorCode === ErrorCode.CANCEL || errorCode === ErrorCode.NO_ERROR;
    this.failByPeer(resetEnd(errorCode), enforces);
  }

  onViolation(end: CallEnd): void {
    this.fail(end);
  }

  /** The backend has not begun: once, and within the deadline, the call goes out again (gRFC A6, transparent retries). */
  onUnprocessed(end: CallEnd): void {
    if (this.isSettled) return;
    if (this.isSecondTry || !this.response.isUnprocessed || this.remainingMs <= 0) return this.failByPeer(end, false);
    this.isSecondTry = true;
    this.connection = undefined;
    this.stream = undefined;
    this.waitsSince = performance.now();
    this.parts.dispatcher.dispatch(this);
  }

  onLost(end: CallEnd): void {
    this.connection = undefined;
    this.failByPeer(end, false);
  }

  /** Ends the call, at the backend too. The first end counts. */
  fail(end: CallEnd): void {
    if (!this.settle()) return;
    if (this.stream === undefined) this.withdraw();
    else this.connection?.cancel(this.stream, end.resetCode);
    const error = callError(this.call, { ...end, grpcHeaders: this.response.grpcHeaders });
    this.recordOutcome(error);
    this.receiver.fail(error);
  }

  private withdraw(): void {
    this.parts.dispatcher.withdraw(this);
    this.noteWait(performance.now());
  }

  private noteWait(until: number): void {
    const { wait } = this.call;
    if (wait !== undefined) wait.connectMs += until - this.waitsSince;
    this.waitsSince = until;
  }

  /** A connection that was lost says so itself, and a deadline that the client shortened says nothing of the backend. */
  private recordOutcome({ cause }: GatewayError): void {
    if (this.connection === undefined || !(cause instanceof GrpcFailure)) return;
    const { backendFault, grpcCode, origin } = cause;
    if (!backendFault && origin === 'app') this.connection.recordOutcome(true);
    if (!backendFault || (grpcCode === 'DEADLINE_EXCEEDED' && this.call.hasClientDeadline === true)) return;
    this.connection.recordOutcome(false);
  }

  private advance(progress: Progress): void {
    if (progress === undefined) return;
    if (progress === 'complete') return this.succeed();
    this.failByPeer(progress, enforcesDeadline(progress));
  }

  /** @param enforces the end is of a kind that enforces deadlines. */
  private failByPeer(end: CallEnd, enforces: boolean): void {
    const { remainingMs } = this;
    const allottedMs = this.deadlineAt - this.openedAt;
    if (isDeadlineOfCall(end, { allottedMs, remainingMs }, enforces)) this.onDeadline();
    else this.fail(end);
  }

  private succeed(): void {
    if (!this.settle()) return;
    this.connection?.recordOutcome(true);
    this.receiver.succeed();
  }

  private settle(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    this.parts.wheel.remove(this);
    this.call.signal.removeEventListener('abort', this);
    return true;
  }

  /** A connection that carries nothing is replaced, and each call that shows it counts, hurried or not. */
  private reportSilence(): void {
    if (this.isSettled) return;
    if (this.stream !== undefined) this.connection?.onUnanswered(this.stream, this.openedAt);
    else if (this.parts.dispatcher.isConnected) this.parts.dispatcher.onStarved(this.startedAt);
  }

  private get remainingMs(): number {
    return this.deadlineAt - performance.now();
  }

  private get waitedFor(): string {
    if (this.stream !== undefined) return 'waiting for the response';
    return this.parts.dispatcher.isConnected ? 'waiting for a free stream' : 'waiting for a connection';
  }
}
