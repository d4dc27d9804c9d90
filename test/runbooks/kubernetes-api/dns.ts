import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const HEADER_BYTES = 12;
const TYPE_A = 1;
const NO_SUCH_NAME = 3;
/** QR and RA (RFC 1035 4.1.1). */
const RESPONSE = 0x80_80;
/** A pointer to the name of the question, type A, class IN, 5 s, four bytes: 127.0.0.1. */
const LOOPBACK_RECORD = Buffer.from([0xc0, HEADER_BYTES, 0, TYPE_A, 0, 1, 0, 0, 0, 5, 0, 4, 127, 0, 0, 1]);

/** The DNS server of the cluster: the names of its Services are this machine, all other names do not exist (RFC 1035). */
export class ClusterDns {
  private constructor(private readonly socket: Socket) {}

  /** @param names whether a name exists is asked at each query */
  static async start(exists: (name: string) => boolean): Promise<ClusterDns> {
    const socket = createSocket('udp4');
    socket.on('error', () => undefined);
    socket.on('message', (query, { port, address }) => socket.send(answer(query, exists), port, address));
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new ClusterDns(socket);
  }

  /** `host:port` */
  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  async close(): Promise<void> {
    this.socket.close();
    await once(this.socket, 'close');
  }
}

function answer(query: Buffer, exists: (name: string) => boolean): Buffer {
  const { name, end } = readName(query);
  const isKnown = exists(name);
  const records = isKnown && query.readUInt16BE(end) === TYPE_A ? [LOOPBACK_RECORD] : [];
  // The question is sent back; whatever came after it (EDNS) is left out.
  const reply = Buffer.from(query.subarray(0, end + 4));
  reply.writeUInt16BE(RESPONSE | (query.readUInt16BE(2) & 0x01_00) | (isKnown ? 0 : NO_SUCH_NAME), 2);
  reply.writeUInt16BE(records.length, 6);
  reply.writeUInt32BE(0, 8);
  return Buffer.concat([reply, ...records]);
}

/** Reads the name of the first question, and where it ends. */
function readName(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), end: at + 1 };
}
