import { fromBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import type { FieldViolation } from '../domain/errors.js';
import { BadRequestSchema, RetryInfoSchema } from '../gen/google/rpc/error_details_pb.js';
import { StatusSchema, type Status } from '../gen/google/rpc/status_pb.js';
import type { ResponseMetadata } from './grpc-failure.js';
import { sanitise } from './printable.js';

/** What the gateway passes on of a google.rpc.Status. */
export interface RichStatus {
  readonly errors: readonly FieldViolation[];
  readonly retryAfterSeconds: number | undefined;
}

const TRAILER = 'grpc-status-details-bin';
const MAX_BYTES = 16_384;
const MAX_VIOLATIONS = 64;
const MAX_RETRY_SECONDS = 3600;

/** Reads the rich error of a response, if it has one that can be read: a backend's garbage is not the client's. */
export function readRichStatus(trailers: ResponseMetadata | undefined): RichStatus | undefined {
  const value = trailers?.get(TRAILER)[0];
  if (!Buffer.isBuffer(value) || value.length === 0 || value.length > MAX_BYTES) return undefined;
  try {
    const status = fromBinary(StatusSchema, value);
    return { errors: fieldViolations(status), retryAfterSeconds: retryDelay(status) };
  } catch {
    return undefined;
  }
}

function fieldViolations({ details }: Status): FieldViolation[] {
  return details
    .flatMap((detail) => anyUnpack(detail, BadRequestSchema)?.fieldViolations ?? [])
    .slice(0, MAX_VIOLATIONS)
    .map(({ field, description }) => ({ field: jsonPath(sanitise(field)), detail: sanitise(description) }));
}

/** Whole seconds, at least one: `Retry-After` knows no fractions. */
function retryDelay({ details }: Status): number | undefined {
  for (const detail of details) {
    const delay = anyUnpack(detail, RetryInfoSchema)?.retryDelay;
    if (delay === undefined) continue;
    const seconds = Number(delay.seconds) + Math.ceil(delay.nanos / 1e9);
    return Math.min(Math.max(seconds, 1), MAX_RETRY_SECONDS);
  }
  return undefined;
}

/** `user.display_name` as the client wrote it: `user.displayName`. What is in brackets is an index or a map key. */
function jsonPath(field: string): string {
  return field.replace(/\[[^\]]*\]|_+([a-zA-Z0-9])/g, (match, letter?: string) => letter?.toUpperCase() ?? match);
}
