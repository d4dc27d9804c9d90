import { type RawResponse, sendRaw } from './raw-http.js';

interface RawRequest {
  readonly method: string;
  /** As it goes onto the wire, byte for byte. */
  readonly target: string | Buffer;
  readonly token?: string;
  /** Whole lines. */
  readonly headers?: readonly (string | Buffer)[];
  readonly body?: string | Buffer;
}

/** Sends one request without a client that would mend it, and gives the one answer. */
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
