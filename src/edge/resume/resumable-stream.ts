import type { CallContext } from '../../domain/call-context.js';
import { GatewayError } from '../../domain/errors.js';
import type { ResumePolicy } from '../../domain/policy.js';
import { MessageLog } from './message-log.js';

/** Whose a stream is, and what it answers. Nobody else's request goes on with it. */
export interface StreamOwner {
  /** Hash of tenant, issuer and subject. */
  readonly caller: string;
  /** Hash of the RPC and the request message. */
  readonly request: string;
}

/** A connection that reads a stream. */
export interface StreamReader {
  /** Ends it: the stream goes on elsewhere, or is over. */
  readonly end: (reason: GatewayError) => void;
  /** Stops the watch over the credential that it was begun with. */
  readonly unwatch: () => void;
}

/** A stream that connections read one after another, wherever its call is made. */
export interface KeptStream {
  readonly id: string;
  readonly log: Pick<MessageLog, 'next' | 'markSent' | 'failure'>;
  attach(reader: StreamReader, sequence: number): void;
  leave(reader: StreamReader): void;
  remove(reason: GatewayError): void;
}

/** How much of a stream is kept, and who is told of it. */
interface StreamParts {
  readonly policy: ResumePolicy;
  readonly onGone: () => void;
  /** So many bytes more are kept, or fewer. */
  readonly onSize: (difference: number) => void;
}

/** One call to a backend and its messages, whichever connections of its client read them. */
export class ResumableStream implements KeptStream {
  readonly log: MessageLog;
  /** When a connection came last, in `performance.now()` ms. */
  attachedAt = -Infinity;
  private reader: StreamReader | undefined;
  /** The credential of a client that is away is watched until it comes back. */
  private absent: StreamReader | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    readonly id: string,
    readonly owner: StreamOwner,
    /** Of the call alone: it goes on when the request that began it is over. */
    readonly context: CallContext,
    private readonly parts: StreamParts,
  ) {
    this.log = new MessageLog(parts.policy, parts.onSize);
  }

  get isRead(): boolean {
    return this.reader !== undefined;
  }

  /** Takes a connection in the place of another one, which ends. @param sequence of the last message that its client has. */
  attach(reader: StreamReader, sequence: number): void {
    clearTimeout(this.timer);
    this.endReader();
    this.attachedAt = performance.now();
    this.reader = reader;
    this.log.markSent(sequence);
  }

  /** A connection is over, and its client may come back. Does nothing for one that another has taken the place of. */
  leave(reader: StreamReader): void {
    if (this.reader !== reader) return;
    this.reader = undefined;
    this.absent = reader;
    this.wait();
  }

  /** Another process reads it, and has sent messages up to one. */
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

  /** Ends the call, if it is not over, and forgets the stream. Idempotent. */
  remove(reason: GatewayError): void {
    clearTimeout(this.timer);
    this.absent?.unwatch();
    this.absent = undefined;
    this.log.finish(reason);
    this.context.cancel(reason);
    this.parts.onGone();
  }
}

/** The refusal of an id that stands for nothing here, or for the stream of somebody else. */
export function gone(): GatewayError {
  return new GatewayError('STREAM_GONE', 'The stream that Last-Event-ID names is not kept any more: begin a new one.');
}
