import { GatewayError } from '../../src/domain/errors.js';
import { GrpcFailure } from '../../src/grpc/grpc-failure.js';
import type { Http2Transport } from '../../src/grpc/client/http2-transport.js';
import type { TransportCall } from '../../src/grpc/transport.js';
import { openHttp2, upstreamConfig } from '../support/transport.js';

/** One question to a backend, and its outcome. */
export interface Row {
  readonly what: string;
  readonly expected: string;
  readonly saw: string;
  /** Calls or messages that the row is about. */
  readonly count: number;
  /** Number of them with another outcome. */
  readonly misread: number;
}

/** The gateway's transport to one backend. */
export class Subject {
  /** Times that the backend complained about pings. */
  pings = 0;
  readonly transport: Http2Transport;

  constructor(readonly address: string) {
    const limits = { maxReceiveBytes: 8_388_608, maxSendBytes: 4_194_304 };
    const observer = {
      ejected: () => undefined,
      replaced: () => undefined,
      tooManyPings: () => void (this.pings += 1),
    };
    this.transport = openHttp2(upstreamConfig(`dns:///${address}`), limits, observer);
  }

  /** A call of the backend, with 10 s to live. */
  call(name: string, order: object | Uint8Array = {}, overrides: Partial<TransportCall> = {}): TransportCall {
    const service = 'interop.v1.Backend';
    return {
      method: { upstream: 'interop', service, name, path: `/${service}/${name}` },
      request: order instanceof Uint8Array ? order : Buffer.from(JSON.stringify(order)),
      metadata: {},
      deadlineAt: performance.now() + 10_000,
      signal: new AbortController().signal,
      ...overrides,
    };
  }

  unary(...args: Parameters<Subject['call']>): Promise<Uint8Array> {
    return this.transport.unary(this.call(...args));
  }

  /** All messages of a stream. */
  async stream(order: object, overrides: Partial<TransportCall> = {}): Promise<Buffer[]> {
    const messages: Buffer[] = [];
    for await (const message of this.transport.serverStream(this.call('Stream', order, overrides))) {
      messages.push(Buffer.from(message));
    }
    return messages;
  }

  /** Reads the counters of the backend. */
  async counters(): Promise<{ active: number; cancelled: number }> {
    return JSON.parse(Buffer.from(await this.unary('Counters')).toString()) as { active: number; cancelled: number };
  }
}

/** Returns the outcome of a call: `OK`, or the code of the gateway, that of gRPC, and the origin of the failure. */
export async function outcomeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'OK';
  } catch (error) {
    if (!(error instanceof GatewayError)) return String(error);
    const { cause } = error;
    return cause instanceof GrpcFailure ? `${error.code} ${cause.grpcCode} ${cause.origin}` : error.code;
  }
}

/** A row about many outcomes that should all be one. */
export function rowOf(what: string, expected: string, outcomes: readonly string[]): Row {
  const others = outcomes.filter((outcome) => outcome !== expected);
  const saw = [...new Set(outcomes)].join(', ');
  return { what, expected, saw, count: outcomes.length, misread: others.length };
}

/** Does something so many times, `atOnce` of them concurrently; returns the results in order. */
export async function many<Result>(
  count: number,
  atOnce: number,
  act: (n: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let n = next++; n < count; n = next++) results[n] = await act(n);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

/** Waits for a state, 10 s at most. */
export async function until(isThere: () => Promise<boolean>): Promise<boolean> {
  for (const endsAt = performance.now() + 10_000; performance.now() < endsAt;) {
    if (await isThere()) return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}
