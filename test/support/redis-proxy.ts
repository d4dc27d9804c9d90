import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

const CR = 0x0d;
const REFUSAL = Buffer.from('-OOM command not allowed\r\n');

/** Fault of a command: it fails before it reaches Redis, or Redis runs it and its reply is lost. */
export type CommandFate = 'pass' | 'refuse' | 'lose';

/** Stands before a real Redis and lets single commands fail, each way in which one can. Speaks RESP2. */
export class RedisProxy {
  /** Decides on each command, in lower case with its arguments; a test may change it. */
  fate: (command: readonly string[]) => CommandFate = () => 'pass';
  private held: Promise<void> = Promise.resolve();
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly target: number) {
    this.server = createServer((near) => this.accept(near));
  }

  static async to(target: number): Promise<RedisProxy> {
    const proxy = new RedisProxy(target);
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.server.address() as AddressInfo).port}/0`;
  }

  /** Lets commands on sessions pass up to the n-th, counted from 0; that one and all after it fail. Returns how many came so far. */
  failFrom(n: number, fate: CommandFate): () => number {
    let seen = 0;
    this.fate = (command) => {
      if (!command.some((part) => part.startsWith('session:'))) return 'pass';
      seen += 1;
      return seen === n + 1 ? fate : seen > n ? 'refuse' : 'pass';
    };
    return () => seen;
  }

  pass(): void {
    this.fate = () => 'pass';
  }

  /** Keeps the first such command, and all after it, from Redis until it is released. */
  holdAt(isIt: (command: readonly string[]) => boolean): { readonly reached: Promise<void>; release(): void } {
    const reached = Promise.withResolvers<void>();
    const released = Promise.withResolvers<void>();
    this.fate = (command) => {
      if (!isIt(command)) return 'pass';
      this.pass();
      this.held = released.promise;
      reached.resolve();
      return 'pass';
    };
    return { reached: reached.promise, release: released.resolve };
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(near: Socket): void {
    const far = connect(this.target, '127.0.0.1');
    /** Fates of the commands whose replies are still to come, in their order. */
    const waiting: CommandFate[] = [];
    const answerRefused = (): void => {
      while (waiting[0] === 'refuse' && waiting.shift()) near.write(REFUSAL);
    };
    let turn = Promise.resolve();
    onValues(near, (bytes, [name = '', ...rest]) => {
      const fate = this.fate([name.toLowerCase(), ...rest]);
      const { held } = this;
      turn = turn
        .then(() => held)
        .then(() => {
          waiting.push(fate);
          if (fate === 'refuse') answerRefused();
          else far.write(bytes);
        });
    });
    onValues(far, (bytes) => {
      near.write(waiting.shift() === 'lose' ? REFUSAL : bytes);
      answerRefused();
    });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
  }
}

/** Calls back for each whole RESP value, with its bytes and the texts in it. */
function onValues(socket: Socket, onValue: (bytes: Buffer, texts: string[]) => void): void {
  let buffered = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    buffered = Buffer.concat([buffered, chunk]);
    for (;;) {
      const texts: string[] = [];
      const end = endOf(buffered, 0, texts);
      if (end === undefined) return;
      onValue(buffered.subarray(0, end), texts);
      buffered = buffered.subarray(end);
    }
  });
}

/** Returns the end of the value at an offset; undefined while it is incomplete. */
function endOf(bytes: Buffer, at: number, texts: string[]): number | undefined {
  const lineEnd = bytes.indexOf(CR, at);
  if (lineEnd === -1 || lineEnd + 2 > bytes.length) return undefined;
  const type = String.fromCharCode(bytes[at] ?? 0);
  const size = Number(bytes.toString('latin1', at + 1, lineEnd));
  if (type === '$') {
    const end = size < 0 ? lineEnd + 2 : lineEnd + 2 + size + 2;
    if (end > bytes.length) return undefined;
    if (size >= 0) texts.push(bytes.toString('utf8', lineEnd + 2, end - 2));
    return end;
  }
  let end: number | undefined = lineEnd + 2;
  for (let i = 0; type === '*' && i < size && end !== undefined; i++) end = endOf(bytes, end, texts);
  return end;
}
