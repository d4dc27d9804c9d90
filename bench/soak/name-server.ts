import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';

const PORT = 53;
const HEADER_BYTES = 12;
const TYPE_A = 1;
const SERVFAIL = 2;
const TTL_SECONDS = 1;

/** How it answers from now on. */
export interface NameServerMood {
  readonly fails?: boolean;
  readonly delayMs?: number;
  /** IPv4 address of every name. */
  readonly address: string;
}

/** A name server (RFC 1035) on a loopback address that gives every name one address. */
export class NameServer {
  asked = 0;
  private readonly timers = new Set<NodeJS.Timeout>();

  private constructor(
    private readonly socket: Socket,
    public mood: NameServerMood,
  ) {
    socket.on('message', (query, from) => {
      this.asked += 1;
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        socket.send(answerTo(query, this.mood), from.port, from.address);
      }, this.mood.delayMs ?? 0);
      this.timers.add(timer);
    });
  }

  /** Rejects where the port cannot be had: that takes root. */
  static async start(host: string, mood: NameServerMood): Promise<NameServer> {
    const socket = createSocket('udp4');
    socket.bind(PORT, host);
    await once(socket, 'listening');
    return new NameServer(socket, mood);
  }

  /** Returns the command in front of another one that has it resolve names here, in a mount namespace of its own. */
  wrap(resolvConf: string): readonly string[] {
    // One attempt that lasts longer than any answer, so that a slow one is waited for.
    writeFileSync(resolvConf, `nameserver ${this.socket.address().address}\noptions timeout:10 attempts:1\n`);
    const script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
    return ['unshare', '-m', 'sh', '-c', script, resolvConf];
  }

  close(): void {
    this.timers.forEach(clearTimeout);
    this.socket.close();
  }
}

function answerTo(query: Buffer, { fails = false, address }: NameServerMood): Buffer {
  const nameEnd = query.indexOf(0, HEADER_BYTES) + 1;
  const question = query.subarray(HEADER_BYTES, nameEnd + 4);
  const answers = !fails && query.readUInt16BE(nameEnd) === TYPE_A ? [recordOf(address)] : [];
  const header = Buffer.alloc(HEADER_BYTES);
  query.copy(header, 0, 0, 2);
  // A response to a recursive query, by a server that recurses.
  header.writeUInt16BE(0x8180 | (fails ? SERVFAIL : 0), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  return Buffer.concat([header, question, ...answers]);
}

/** An A record of the name in the question. */
function recordOf(address: string): Buffer {
  const record = Buffer.from([0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, TTL_SECONDS, 0, 4]);
  return Buffer.concat([record, Buffer.from(address.split('.').map(Number))]);
}
