import { type InterceptingListener, Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { GatewayError } from '../../domain/errors.js';
import { afterPolls } from '../../domain/loop-timeout.js';
import { type CallEnd, classify, isGrpc } from '../grpc-failure.js';
import { GrpcStatus } from '../grpc-code.js';
import { localEnd } from '../call-ends.js';
import { enforcesDeadline, isDeadlineOfCall, isOwnPause } from '../client/deadline-rule.js';
import type { DeadlineWheel, Timed } from '../client/deadline-wheel.js';
import { timeoutValue } from '../h2/request-header-encoder.js';
import { IDENTITY_KEYS, REQUEST_KEYS } from '../metadata.js';
import { callError } from '../status.js';
import type { CallMetadata, HeaderSink, TransportCall } from '../transport.js';
import type { GrpcChannel, OpenChannel, WaitingCall } from './open-channel.js';
import type { RenewedChannel } from './renewed-channel.js';

/** Calls that may wait for a connection; further ones fail immediately. */
const MAX_WAITING = 4_096;
/** Whoever leaves before that proves nothing of the connection, in ms. */
const PATIENCE_MS = 1_000;
const CANCELLED = localEnd(GrpcStatus.CANCELLED, 'Cancelled on client');
const CLOSED = localEnd(GrpcStatus.UNAVAILABLE, 'Channel closed before call started');
const FULL = localEnd(GrpcStatus.UNAVAILABLE, 'Too many calls wait for a connection');
/** The text of a reset with NO_ERROR, by which some servers enforce deadlines. */
const NO_ERROR_RESET = 'Received RST_STREAM with code 0';

/** Takes the messages of a response and its one end: success, or a failure. */
export interface MessageReceiver {
  /** Returns why the call has failed, if it has. */
  message(bytes: Uint8Array): CallEnd | undefined;
  /** What a response that ends here with OK lacks. */
  readonly missing: CallEnd | undefined;
  succeed(): void;
  fail(error: GatewayError): void;
}

/** What all calls of an upstream share. */
export interface CallParts {
  readonly channels: RenewedChannel;
  readonly wheel: DeadlineWheel;
}

/**
 * One call over a grpc-js channel. It sits on the interface under grpc-js' own `makeUnaryRequest`, which captures a
 * stack for each call and keeps the response headers to itself: they tell a backend's status from a proxy's.
 * Deadlines are the gateway's own: those of grpc-js follow the wall clock, and blame the backend for a pause of this process.
 */
export class ClientCall implements InterceptingListener, Timed, WaitingCall {
  /** Its neighbors in the deadline wheel. */
  before: Timed | undefined;
  after: Timed | undefined;
  private opened: OpenChannel | undefined;
  private call: ReturnType<GrpcChannel['createCall']> | undefined;
  private grpcHeaders = false;
  private isSettled = false;
  private isWaiting = false;
  startedAt = 0;

  constructor(
    private readonly request: TransportCall,
    private readonly parts: CallParts,
    private readonly receiver: MessageReceiver,
  ) {}

  get deadlineAt(): number {
    return this.request.deadlineAt;
  }

  start(): void {
    this.startedAt = performance.now();
    const opened = this.parts.channels.get();
    if (opened.isClosed) return this.fail(CLOSED);
    if (opened.waitingCalls >= MAX_WAITING) return this.fail(FULL);
    this.opened = opened;
    opened.begin();
    this.parts.wheel.add(this);
    this.request.signal.addEventListener('abort', this);
    this.isWaiting = !opened.isReady;
    if (this.isWaiting) opened.wait(this);
    try {
      this.send(opened.channel);
    } catch (error) {
      this.failWith(GatewayError.from(error));
    }
  }

  /** Asks for a message more. */
  read(): void {
    this.call?.startRead();
  }

  /** The request was given up. */
  handleEvent(): void {
    if (performance.now() - this.startedAt >= PATIENCE_MS) this.reportSilence();
    this.fail(CANCELLED);
  }

  /** The stream's reader has left. */
  cancel(): void {
    this.fail(CANCELLED);
  }

  onConnected(): void {
    this.isWaiting = false;
    const { wait } = this.request;
    if (wait !== undefined) wait.connectMs += performance.now() - this.startedAt;
  }

  /** After a standstill, a response that came in time is read first. */
  onDeadline(stalledMs: number): void {
    if (stalledMs > 0) afterPolls(() => this.endAtDeadline(stalledMs));
    else this.endAtDeadline(0);
  }

  private endAtDeadline(stalledMs: number): void {
    if (this.isSettled) return;
    const waitedFor = this.isWaiting ? 'waiting for a connection' : 'waiting for the response';
    const end = localEnd(GrpcStatus.DEADLINE_EXCEEDED, `Deadline exceeded ${waitedFor}`);
    if (isOwnPause(this, stalledMs)) return this.fail({ ...end, isOwnPause: true });
    this.reportSilence();
    this.fail(end);
  }

  onReceiveMetadata(headers: Metadata): void {
    this.noteHeard();
    this.grpcHeaders = isGrpc(headers);
    if (this.request.headers !== undefined) passHeaders(this.request.headers, headers);
  }

  onReceiveMessage(message: Uint8Array): void {
    this.noteHeard();
    if (this.isSettled) return;
    const failure = this.receiver.message(message);
    if (failure !== undefined) this.fail(failure);
  }

  onReceiveStatus({ code, details, metadata }: StatusObject): void {
    this.call = undefined;
    if (this.isSettled) return;
    this.noteHeard();
    const { missing } = this.receiver;
    if (code !== status.OK) return this.failByPeer({ code, details, metadata, grpcHeaders: this.grpcHeaders });
    if (missing !== undefined) return this.failByPeer(missing);
    if (this.request.headers !== undefined) passHeaders(this.request.headers, metadata);
    this.settle();
    this.receiver.succeed();
  }

  private send(channel: GrpcChannel): void {
    const { method, metadata, request } = this.request;
    const call = channel.createCall(method.path, Infinity, undefined, null, undefined);
    this.call = call;
    call.start(wireMetadata(metadata, this.deadlineAt - this.startedAt), this);
    call.startRead();
    call.sendMessageWithContext({}, asBuffer(request));
    call.halfClose();
  }

  private failByPeer(end: CallEnd): void {
    const { origin, connection } = classify(this.request.method.upstream, end);
    if (connection !== undefined) this.opened?.noteFailure(connection);
    const remainingMs = this.deadlineAt - performance.now();
    const time = { allottedMs: this.deadlineAt - this.startedAt, remainingMs };
    const enforces = enforcesDeadline(end) || String(end.details).startsWith(NO_ERROR_RESET);
    if (isDeadlineOfCall({ ...end, origin }, time, enforces)) this.endAtDeadline(0);
    else this.fail(end);
  }

  private noteHeard(): void {
    if (this.opened !== undefined) this.opened.heardAt = performance.now();
  }

  private reportSilence(): void {
    if (!this.isWaiting && this.opened !== undefined) this.parts.channels.onSilence(this.opened, this.startedAt);
  }

  /** Ends the call, at the backend too. The first end counts. */
  private fail(end: CallEnd): void {
    if (!this.isSettled) this.failWith(callError(this.request, { ...end, grpcHeaders: this.grpcHeaders }));
  }

  private failWith(error: GatewayError): void {
    const { opened, call, isWaiting } = this;
    this.settle();
    this.call = undefined;
    call?.cancelWithStatus(status.CANCELLED, 'Cancelled on client');
    if (call !== undefined && opened !== undefined && !isWaiting) this.parts.channels.onReset(opened);
    this.receiver.fail(error);
  }

  private settle(): void {
    this.isSettled = true;
    this.parts.wheel.remove(this);
    this.request.signal.removeEventListener('abort', this);
    if (this.opened === undefined) return;
    this.parts.channels.onEnd(this.opened);
    if (!this.isWaiting) return;
    this.onConnected();
    this.opened.withdraw(this);
  }
}

/** The sink takes the first value of a name, so that headers come before trailers. */
function passHeaders(sink: HeaderSink, metadata: Metadata): void {
  for (const name of sink.names) {
    const [value] = metadata.get(name);
    if (typeof value === 'string') sink.set(name, value);
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The allowed entries alone: grpc-js hands metadata to HTTP/2 as it is. */
function wireMetadata(metadata: CallMetadata, remainingMs: number): Metadata {
  const wire = new Metadata();
  for (const keys of [IDENTITY_KEYS, REQUEST_KEYS]) {
    for (const key of keys) {
      const value = metadata[key];
      if (value !== undefined) wire.set(key, value);
    }
  }
  wire.set('grpc-timeout', timeoutValue(remainingMs));
  return wire;
}
