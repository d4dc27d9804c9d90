import { connect } from 'node:net';

/** An answer as it came over the wire. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends bytes as they are and reads until the server closes: what an HTTP client would never let through. Add `Connection: close`. */
export async function sendRaw(url: string, bytes: string | Buffer): Promise<RawResponse[]> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  socket.write(bytes);
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return parseResponses(Buffer.concat(chunks).toString('latin1'));
}

/** The answers in what a server sent. */
export function parseResponses(text: string): RawResponse[] {
  const responses: RawResponse[] = [];
  let rest = text;
  while (rest.startsWith('HTTP/1.1 ')) {
    const headEnd = rest.indexOf('\r\n\r\n');
    const [statusLine = '', ...lines] = rest.slice(0, headEnd).split('\r\n');
    const headers = Object.fromEntries(lines.map((line) => splitHeader(line)));
    const status = Number(statusLine.split(' ')[1]);
    const length = status < 200 ? 0 : Number(headers['content-length'] ?? rest.length - headEnd - 4);
    const body = rest.slice(headEnd + 4, headEnd + 4 + length);
    responses.push({ status, headers, body });
    rest = rest.slice(headEnd + 4 + length);
  }
  return responses;
}

function splitHeader(line: string): [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
}
