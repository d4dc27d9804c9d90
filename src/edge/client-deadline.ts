import type { IncomingHttpHeaders } from 'node:http';
import { GatewayError } from '../domain/errors.js';

const UNIT_MS: Readonly<Record<string, number>> = { '': 1000, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const GRPC_UNIT_MS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 };

interface Format {
  readonly header: string;
  readonly pattern: RegExp;
  readonly units: Readonly<Record<string, number>>;
  readonly hint: string;
}

const OWN: Format = {
  header: 'X-Request-Timeout',
  pattern: /^(\d{1,8}(?:\.\d{1,3})?)(ms|s|m|h|)$/,
  units: UNIT_MS,
  hint: 'write seconds, or a number and a unit: 2, 1.5, 800ms, 5s',
};

/** Format of `grpc-timeout`: `TimeoutValue TimeoutUnit` of gRPC over HTTP/2. */
const GRPC: Format = {
  header: 'Grpc-Timeout',
  pattern: /^(\d{1,8})([HMSmun])$/,
  units: GRPC_UNIT_MS,
  hint: 'write digits and one of the units H, M, S, m, u, n: 2S, 800m',
};

/**
 * Returns the timeout that the client asks for, in ms; undefined when it does not set one. Throws INVALID_ARGUMENT for
 * a malformed value.
 */
export function clientTimeoutMs(headers: IncomingHttpHeaders): number | undefined {
  const own = headers['x-request-timeout'];
  const grpc = headers['grpc-timeout'];
  if (own === undefined && grpc === undefined) return undefined;
  return Math.min(read(OWN, own), read(GRPC, grpc));
}

function read({ header, pattern, units, hint }: Format, value: string | string[] | undefined): number {
  if (value === undefined) return Infinity;
  const [, digits, unit = ''] = (typeof value === 'string' && pattern.exec(value)) || [];
  const ms = Number(digits) * (units[unit] ?? NaN);
  if (ms > 0) return ms;
  throw new GatewayError('INVALID_ARGUMENT', `The header ${header} is not a time above zero: ${hint}.`);
}
