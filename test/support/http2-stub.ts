import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

/** Response of a stub to a call: anything that a broken backend, a proxy or a mesh might send. */
export type Http2Reply = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void;

/** A peer that speaks HTTP/2 and only as much gRPC as it is told to. */
export interface Http2Stub {
  readonly target: string;
  /** Calls that arrived. */
  readonly calls: IncomingHttpHeaders[];
  readonly sessions: ServerHttp2Session[];
  reply: Http2Reply;
  /** Hangs up on whoever connects from now on. Returns how to ask how many did. */
  refuse(): () => number;
  close(): Promise<void>;
}

export async function http2Stub(reply: Http2Reply = () => undefined, settings: Settings = {}): Promise<Http2Stub> {
  const server = createServer({ settings });
  const sessions: ServerHttp2Session[] = [];
  const stub: Http2Stub = {
    target: '',
    calls: [],
    sessions,
    reply,
    refuse() {
      let attempts = 0;
      server.on('connection', (socket) => {
        attempts += 1;
        socket.destroy();
      });
      return () => attempts;
    },
    async close() {
      for (const session of sessions) session.destroy();
      server.close();
      await once(server, 'close');
    },
  };
  server.on('session', (session) => {
    session.on('error', () => undefined);
    sessions.push(session);
  });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    stub.calls.push(headers);
    stub.reply(stream, headers);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(stub, { target: `ipv4:127.0.0.1:${(server.address() as AddressInfo).port}` });
}

export const GRPC_HEADERS: OutgoingHttpHeaders = { ':status': 200, 'content-type': 'application/grpc+proto' };

/** A gRPC message frame; `length` and `compressed` may lie. */
export function frame(message: Uint8Array, { compressed = false, length = message.length } = {}): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed ? 1 : 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

/** Answers with a status alone, as gRPC servers do on failure (Trailers-Only). */
export function trailersOnly(trailers: OutgoingHttpHeaders): Http2Reply {
  return (stream) => stream.respond({ ...GRPC_HEADERS, ...trailers }, { endStream: true });
}

/** Answers with headers, these bytes and these trailers. */
export function answer(body: Uint8Array, trailers: OutgoingHttpHeaders, headers: OutgoingHttpHeaders = {}): Http2Reply {
  return (stream) => {
    stream.respond({ ...GRPC_HEADERS, ...headers }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end(body);
  };
}

/** Answers as a proxy that knows nothing of gRPC. */
export function html(status: number, body = ''): Http2Reply {
  return (stream) => {
    stream.respond({ ':status': status, 'content-type': 'text/html' });
    stream.end(body);
  };
}
