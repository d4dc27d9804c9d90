import { connect, type Socket } from 'node:net';

const FIRST_EVENT = '\ndata:';
const KEPT = 4_096;
const OK = 'HTTP/1.1 200';
const END_OF_HEAD = '\r\n\r\n';

/** The status, and the code where the answer is a problem. */
function statusIn(text: string): string {
  const [, status = 'no answer'] = /^HTTP\/1\.1 (\d{3})/.exec(text) ?? [];
  const [, code = ''] = /"code":"([A-Z_]+)"/.exec(text) ?? [];
  return `${status} ${code}`.trim();
}

/** A client of a streamed answer that is in nobody's way: a bare socket. */
export interface AiClient {
  readonly socket: Socket;
  /** Resolves at the first event of the answer to "streaming", to what came instead when the connection ends or another answer comes. */
  readonly outcome: Promise<string>;
}

function head(host: string, token: string, body: string): string {
  return [
    'POST /api/v1/ai:stream HTTP/1.1',
    `host: ${host}`,
    `authorization: Bearer ${token}`,
    'content-type: application/json',
    'accept: text/event-stream',
    `content-length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}

/** Asks for a streamed answer and reads nothing of it, ever. */
export function neverReading(url: string, token: string, query: string): Socket {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.pause();
  socket.write(head(host, token, JSON.stringify({ query })));
  return socket;
}

/** Asks for a streamed answer and reads it. */
export function reading(url: string, token: string, query: string): AiClient {
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  const outcome = new Promise<string>((resolve) => {
    let text = '';
    socket.once('close', () => resolve(statusIn(text)));
    socket.on('data', (chunk: Buffer) => {
      if (text.length > KEPT) return;
      text += chunk.toString('latin1');
      if (text.includes(FIRST_EVENT)) resolve('streaming');
      else if (text.includes(END_OF_HEAD) && !text.startsWith(OK)) resolve(statusIn(text));
    });
  });
  socket.write(head(host, token, JSON.stringify({ query })));
  return { socket, outcome };
}
