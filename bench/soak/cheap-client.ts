import { connect, type Socket } from 'node:net';

const HEAD_END = '\r\n\r\n';
const LENGTH = /\r\ncontent-length: *(\d+)/i;
const RETRY_AFTER = /\r\nretry-after: *(\S+)/i;
const OPENED_TOGETHER = 50;
const CLOSES = /\r\nconnection: *close/i;

/** A response, as far as a load needs it. */
export interface CheapAnswer {
  /** Undefined if the connection ended without a response. */
  readonly status: number | undefined;
  readonly retryAfter?: string | undefined;
}

type Settle = (answer: CheapAnswer) => void;

/**
 * A keep-alive connection that sends prepared bytes and reads only the header and Content-Length of a response. It uses a
 * fraction of the CPU of node:http, so that one core can offer more requests than a gateway on another core can answer.
 */
export class CheapConnection {
  private readonly socket: Socket;
  private received = '';
  private settle: Settle | undefined;
  private isGone = false;

  constructor({ hostname, port }: URL, onGone: (connection: CheapConnection) => void) {
    this.socket = connect(Number(port), hostname).setNoDelay(true).setEncoding('latin1');
    this.socket.on('error', () => undefined);
    this.socket.on('data', (text: unknown) => this.take(text as string));
    this.socket.once('close', () => {
      this.isGone = true;
      onGone(this);
      this.answer({ status: undefined });
    });
  }

  /** Sends a request; the connection must be idle. */
  send(request: Buffer, settle: Settle): void {
    this.settle = settle;
    if (this.isGone) this.answer({ status: undefined });
    else this.socket.write(request);
  }

  close(): void {
    this.socket.destroy();
  }

  private take(text: string): void {
    this.received += text;
    const headEnd = this.received.indexOf(HEAD_END);
    if (headEnd === -1) return;
    const head = this.received.slice(0, headEnd);
    const length = Number(LENGTH.exec(head)?.[1] ?? 0);
    if (this.received.length < headEnd + HEAD_END.length + length) return;
    this.received = '';
    if (CLOSES.test(head)) this.isGone = true;
    this.answer({ status: Number(head.slice(9, 12)), retryAfter: RETRY_AFTER.exec(head)?.[1] });
    if (this.isGone) this.socket.end();
  }

  private answer(answer: CheapAnswer): void {
    const { settle } = this;
    this.settle = undefined;
    settle?.(answer);
  }

  /** Returns whether another request can be sent. */
  get isUsable(): boolean {
    return !this.isGone;
  }
}

/** A limited number of keep-alive connections to one server. */
export class CheapPool {
  private readonly free: CheapConnection[] = [];
  private readonly all = new Set<CheapConnection>();

  constructor(
    private readonly url: URL,
    private readonly max: number,
  ) {}

  /** Sends a request unless all connections are busy. Returns whether it was sent. */
  send(request: Buffer, settle: Settle): boolean {
    const connection = this.take();
    if (connection === undefined) return false;
    connection.send(request, (answer) => {
      if (connection.isUsable) this.free.push(connection);
      settle(answer);
    });
    return true;
  }

  /** Opens all connections, a few at a time, with one request each, so that accepting them is not part of the measurement. */
  async open(request: Buffer): Promise<void> {
    while (this.all.size < this.max) {
      const count = Math.min(OPENED_TOGETHER, this.max - this.all.size);
      const made = Array.from({ length: count }, () => this.make());
      await Promise.all(made.map((each) => new Promise((resolve) => each.send(request, resolve))));
      this.free.push(...made.filter(({ isUsable }) => isUsable));
    }
  }

  close(): void {
    for (const each of this.all) each.close();
  }

  private make(): CheapConnection {
    const made = new CheapConnection(this.url, (gone) => this.all.delete(gone));
    this.all.add(made);
    return made;
  }

  private take(): CheapConnection | undefined {
    for (let last = this.free.pop(); last !== undefined; last = this.free.pop()) if (last.isUsable) return last;
    return this.all.size < this.max ? this.make() : undefined;
  }
}
