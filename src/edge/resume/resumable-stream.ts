import type { CallContext } from '../../domain/call-context.js';
import { GatewayError } from '../../domain/errors.js';
import type { ResumePolicy } from '../../domain/policy.js';
import { MessageLog } from './message-log.js';

/** The caller of a stream and its request. Only the same caller with the same request may resume it. */
export interface StreamOwner {
  /** Hash of tenant, issuer and subject. */
  readonly caller: string;
  /** Hash of the RPC and the request message. */
  readonly request: string;
}

/** A connection that reads a stream. */
export interface StreamReader {
  /** Ends the connection: the stream continues on another one, or is over. */
  readonly end: (reason: GatewayError) => void;
  /** Stops watching the credential with which the connection began. */
  readonly unwatch: () => void;
}

/** A stream that connections read one after another, whichever process makes its call. */
export interface KeptStream {
  readonly id: string;
  readonly log: Pick<MessageLog, 'next' | 'markSent' | 'failure'>;
  attach(reader: StreamReader, sequence: number): void;
  leave(reader: StreamReader): void;
  remove(reason: GatewayError): void;
}

/** Limits and listeners of a stream. */
interface StreamParts {
  readonly policy: ResumePolicy;
  readonly onGone: () => void;
  /** Called with the difference in bytes when messages are kept or dropped. */
  readonly onSize: (difference: number) => void;
}

/** One call to a backend and its messages, whichever connections of its client read them. */
export class ResumableStream implements KeptStream {
  readonly log: MessageLog;
  /** Time at which the last connection attached, in `performance.now()` ms. */
  attachedAt = -Infinity;
  private reader: StreamReader | undefined;
  /** The reader of a disconnected client, whose credential is watched until the client reconnects. */
  private absent: StreamReader | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    readonly id: string,
    readonly owner: StreamOwner,
    /** Context of the call alone: it outlives the request that began it. */
    readonly context: CallContext,
    private readonly parts: StreamParts,
  ) {
    this.log = new MessageLog(parts.policy, parts.onSize);
  }

  get isRead(): boolean {
    return this.reader !== undefined;
  }

  /**
   * Attaches a connection in place of the previous one, which ends.
   * @param sequence of the last message that its client has.
   */
  attach(reader: StreamReader, sequence: number): void {
    clearTimeout(this.timer);
    this.endReader();
    this.attachedAt = performance.now();
    this.reader = reader;
    this.log.markSent(sequence);
  }

  /** Detaches a connection whose client may reconnect. Does nothing for a connection that was already replaced. */
  leave(reader: StreamReader): void {
    if (this.reader !== reader) return;
    this.reader = undefined;
    this.absent = reader;
    this.wait();
  }

  /** Marks the stream as read by another process, which has sent the messages up to a position. */
  passOn(sequence: number): void {
    clearTimeout(this.timer);
    this.endReader();
    this.log.markSent(sequence);
    this.wait();
  }

  private endReader(): void {
    this.reader?.end(new GatewayError('CLIENT_CLOSED', 'The stream goes on over another connection of its client.'));
    this.reader?.unwatch();
    this.absent?.unwatch();
    this.reader = undefined;
    this.absent = undefined;
  }

  private wait(): void {
    this.timer = setTimeout(() => this.remove(gone()), this.parts.policy.keepMs).unref();
  }

  /** Ends the call, if it is not over, and removes the stream. Idempotent. */
  remove(reason: GatewayError): void {
    clearTimeout(this.timer);
    this.absent?.unwatch();
    this.absent = undefined;
    this.log.finish(reason);
    this.context.cancel(reason);
    this.parts.onGone();
  }
}

/** Returns the error for an id that does not exist here, or belongs to the stream of another caller. */
export function gone(): GatewayError {
  return new GatewayError('STREAM_GONE', 'The stream that Last-Event-ID names is not kept any more: begin a new one.');
}
