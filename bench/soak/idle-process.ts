import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const OPENED_AT_ONCE = 100;
const ANSWER_WITHIN_MS = 5_000;
const GET = 'GET /livez HTTP/1.1\r\nhost: localhost\r\n\r\n';

/** What is asked of this process: how many further connections to open, which it keeps. */
export interface IdleWish {
  readonly url: string;
  readonly count: number;
}

/** What became of them. */
export interface IdleFigures {
  /** Open after an answer. */
  readonly open: number;
  /** Closed or refused without an answer of 200. */
  readonly refused: number;
  /** Of all opened so far, those closed by now. */
  readonly closedSince: number;
}

let closedSince = 0;

/** The certificate is not verified: it is one of the tests. */
function connectTo({ protocol, hostname, port }: URL): Socket {
  if (protocol !== 'https:') return connect(Number(port), hostname);
  return connectTls({ host: hostname, port: Number(port), rejectUnauthorized: false });
}

/** Opens a connection, sends one request and leaves it idle. Resolves to whether it was answered with 200. */
function openOne(url: URL): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectTo(url);
    const timer = setTimeout(() => resolve(false), ANSWER_WITHIN_MS);
    const settle = (isOpen: boolean) => {
      clearTimeout(timer);
      resolve(isOpen);
    };
    socket.on('error', () => undefined);
    socket.once('close', () => {
      closedSince += 1;
      settle(false);
    });
    socket.on('data', (chunk: Buffer) => settle(chunk.toString('latin1').startsWith('HTTP/1.1 200')));
    socket.write(GET);
  });
}

process.once('disconnect', () => process.exit(0));
process.on('message', (wish: IdleWish) => void openAll(wish));

async function openAll({ url, count }: IdleWish): Promise<void> {
  let open = 0;
  for (let from = 0; from < count; from += OPENED_AT_ONCE) {
    const some = Array.from({ length: Math.min(OPENED_AT_ONCE, count - from) }, () => openOne(new URL(url)));
    open += (await Promise.all(some)).filter(Boolean).length;
  }
  process.send?.({ open, refused: count - open, closedSince } satisfies IdleFigures);
}
