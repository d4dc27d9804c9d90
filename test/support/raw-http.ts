import { connect } from 'node:net';

/** A response as it came over the wire. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends bytes that an HTTP client would not send. Resolves to all responses, once the server closes; add `Connection: close`. */
export async function sendRaw(url: string, bytes: string | Buffer): Promise<RawResponse[]> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const chunks: Buffer[] = [];
  socket.write(bytes);
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return parseResponses(Buffer.concat(chunks).toString('latin1'));
}

/** Parses the responses that a server sent. */
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

/** A request as {@link sendRequest} writes it. */
interface RawRequest {
  readonly method: string;
  /** As it goes onto the wire, byte for byte. */
  readonly target: string | Buffer;
  readonly token?: string;
  /** Whole lines. */
  readonly headers?: readonly (string | Buffer)[];
  readonly body?: string | Buffer;
}

/** Sends one request that no HTTP client repairs. Returns its response; throws if there is not exactly one. */
export async function sendRequest(url: string, request: RawRequest): Promise<RawResponse> {
  const { method, target, token, headers = [], body } = request;
  const content = body === undefined ? undefined : Buffer.from(body);
  const lines: (string | Buffer)[] = [
    'Host: gateway',
    'Connection: close',
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ...(content === undefined ? [] : ['Content-Type: application/json', `Content-Length: ${content.length}`]),
    ...headers,
  ];
  const bytes = [
    `${method} `,
    target,
    ' HTTP/1.1\r\n',
    ...lines.flatMap((line) => [line, '\r\n']),
    '\r\n',
    content ?? '',
  ];
  const answers = await sendRaw(url, Buffer.concat(bytes.map((part) => Buffer.from(part))));
  const [answer, ...more] = answers;
  if (answer === undefined || more.length > 0) throw new Error(`${answers.length} answers to one request`);
  return answer;
}
