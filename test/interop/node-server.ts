import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';
import { Metadata, type StatusObject } from '@grpc/grpc-js';
import { type BytesCall, type BytesStream, entries, grpcBackend } from '../support/grpc-backend.js';

/** The request of a call that is not an echo. */
interface Order {
  readonly code?: number;
  readonly message?: string;
  readonly details?: string;
  readonly ms?: number;
  readonly count?: number;
  readonly bytes?: number;
}

const counts = { active: 0, cancelled: 0 };
let delayMs = 0;

function read(request: Buffer): Order {
  try {
    return JSON.parse(request.toString()) as Order;
  } catch {
    return {};
  }
}

/** Waits, and resolves to whether the call is still there then. */
async function until(call: BytesCall | BytesStream, ms: number): Promise<boolean> {
  const gone = new AbortController();
  const onCancelled = (): void => gone.abort();
  call.once('cancelled', onCancelled);
  counts.active += 1;
  const isThere = await wait(ms, true, { signal: gone.signal }).catch(() => false);
  call.off('cancelled', onCancelled);
  counts.active -= 1;
  if (!isThere) counts.cancelled += 1;
  return isThere;
}

function failure({ code = 0, message = '', details }: Order): StatusObject {
  const metadata = new Metadata();
  if (details !== undefined) metadata.set('grpc-status-details-bin', Buffer.from(details, 'base64'));
  return { code, details: message, metadata };
}

function failed(order: Order): Error {
  return Object.assign(new Error(order.message), failure(order));
}

async function stream(call: BytesStream): Promise<void> {
  const order = read(call.request);
  for (let n = 0; n < (order.count ?? 0); n++) {
    const message = Buffer.alloc(Math.max(order.bytes ?? 0, 8));
    message.write(String(n).padStart(8, '0'));
    if (!call.write(message)) await new Promise((resolve) => call.once('drain', resolve));
    if ((order.ms ?? 0) > 0 && !(await until(call, order.ms ?? 0))) return;
  }
  if (order.code === undefined) call.end();
  else call.emit('error', failed(order));
}

const { target } = await grpcBackend({
  unary: {
    '/interop.v1.Backend/Echo': ({ request }) => request,
    '/interop.v1.Backend/Fail': ({ request }) => Promise.reject(failed(read(request))),
    '/interop.v1.Backend/Sleep': (call) => until(call, read(call.request).ms ?? 0).then(() => call.request),
    '/interop.v1.Backend/Stubborn': ({ request }) => wait(read(request).ms ?? 0, request),
    '/interop.v1.Backend/Metadata': ({ metadata }) => {
      const seen = Object.entries(entries(metadata)).map(([key, value]) => [key, [String(value)]] as const);
      return Buffer.from(JSON.stringify(Object.fromEntries(seen)));
    },
    '/interop.v1.Backend/Counters': () => Buffer.from(JSON.stringify(counts)),
    '/interop.v1.Backend/SetDelay': ({ request }) => {
      delayMs = read(request).ms ?? 0;
      return request;
    },
    '/user.v1.UserService/GetUser': (call) =>
      until(call, delayMs).then(() => Buffer.from(process.env['INTEROP_USER'] ?? '', 'hex')),
  },
  stream: { '/interop.v1.Backend/Stream': (call) => void stream(call) },
});

const manifest = createRequire(import.meta.url).resolve('@grpc/grpc-js/package.json');
const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
process.stdout.write(`${JSON.stringify({ version: `grpc-js ${version}`, address: target.replace('dns:///', '') })}\n`);
process.stdin.resume().once('end', () => process.exit(0));
