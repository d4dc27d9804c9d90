import { GatewayError, type FieldViolation, type GatewayErrorCode } from '../../domain/errors.js';

/** Maximum number of concurrent requests to one process. */
const MAX_PENDING = 64;

/** One end of the channel between two processes, as in node:cluster. */
export interface Channel {
  send(message: object): unknown;
  on(event: 'message', listener: (message: unknown) => void): unknown;
}

interface Refusal {
  readonly code: GatewayErrorCode;
  readonly detail: string;
  readonly errors: readonly FieldViolation[];
}

type Message =
  | { readonly link: 'ask'; readonly id: number; readonly name: string; readonly input: unknown }
  | { readonly link: 'answer'; readonly id: number; readonly value?: unknown; readonly refused?: Refusal };

/** Responds to one kind of request. Throws GatewayError. */
export type Handler = (input: unknown) => unknown;

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: GatewayError) => void;
}

/** Requests and responses between the first process and a worker, in both directions. */
export class ProcessLink {
  private readonly pending = new Map<number, Pending>();
  private lastId = 0;

  /** @param handlers of the requests of the other process, by name. */
  constructor(
    private readonly channel: Channel,
    private readonly handlers: Readonly<Record<string, Handler>>,
  ) {
    channel.on('message', (message) => this.take(message));
  }

  /**
   * Sends a request to the other process. Rejects with its GatewayError, with MAIN_THREAD_STALLED after `ms`, and
   * with OVERLOADED when it ends.
   */
  async ask<T>(name: string, input: unknown, ms: number): Promise<T> {
    if (this.pending.size >= MAX_PENDING) throw new GatewayError('OVERLOADED', 'Too many requests are in progress.');
    const id = ++this.lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const late = new GatewayError('MAIN_THREAD_STALLED', `A worker did not answer within ${ms / 1_000} s.`);
    const timer = setTimeout(() => reject(late), ms);
    this.pending.set(id, { resolve, reject });
    this.send({ link: 'ask', id, name, input });
    try {
      return (await promise) as T;
    } finally {
      clearTimeout(timer);
      this.pending.delete(id);
    }
  }

  /** Fails all requests, since the other process has ended. */
  end(): void {
    for (const { reject } of this.pending.values()) reject(new GatewayError('OVERLOADED', 'The worker has ended.'));
  }

  private take(message: unknown): void {
    if (typeof message !== 'object' || message === null || !('link' in message)) return;
    const known = message as Message;
    if (known.link === 'ask') void this.answer(known.id, known.name, known.input);
    else if (known.refused === undefined) this.pending.get(known.id)?.resolve(known.value);
    else {
      const { code, detail, errors } = known.refused;
      this.pending.get(known.id)?.reject(new GatewayError(code, detail, { errors }));
    }
  }

  private async answer(id: number, name: string, input: unknown): Promise<void> {
    try {
      const handler = this.handlers[name];
      if (handler === undefined) throw new GatewayError('NOT_FOUND', `There is no request "${name}".`);
      this.send({ link: 'answer', id, value: await handler(input) });
    } catch (thrown) {
      const { code, detail, errors } = GatewayError.from(thrown);
      this.send({ link: 'answer', id, refused: { code, detail, errors } });
    }
  }

  /** Sends a message. The channel of a process that has just ended accepts nothing; its `exit` event reports that. */
  private send(message: Message): void {
    try {
      this.channel.send(message);
    } catch {
      // Told by `end`.
    }
  }
}
