import { type FieldRules, FieldSelection, nameFlaw } from '../h2/field-selection.js';
import type { HeaderValues } from '../h2/stream.js';
import type { ResponseMetadata } from '../grpc-failure.js';

const NAMES = [
  ':status',
  'content-type',
  'grpc-status',
  'grpc-message',
  'grpc-status-details-bin',
  'grpc-retry-pushback-ms',
  'content-length',
  'te',
];
const RULES: FieldRules = {
  nameFlaw,
  single: [':status', 'content-type', 'grpc-status', 'content-length'],
  // gRPC encodes neither the first space of a text nor the last (gRPC over HTTP2, "Status-Message").
  freeText: 'grpc-message',
};

/** All that is read of a response's headers and trailers where no policy lets one of them through. */
export const RESPONSE_FIELDS = new FieldSelection(NAMES, RULES);

/** Returns the same with headers that policies let through, whose slots come after the others. */
export function withHeaders(names: readonly string[]): FieldSelection {
  return names.length === 0 ? RESPONSE_FIELDS : new FieldSelection([...NAMES, ...names], RULES);
}

/** Where the values of those fields lie. */
export const Slot = {
  HTTP_STATUS: 0,
  CONTENT_TYPE: 1,
  GRPC_STATUS: 2,
  GRPC_MESSAGE: 3,
  GRPC_DETAILS: 4,
  RETRY_PUSHBACK: 5,
  CONTENT_LENGTH: 6,
  TE: 7,
} as const;

/** The trailers of a failed call, decoded only when somebody asks. */
export class ResponseTrailers implements ResponseMetadata {
  private readonly values: HeaderValues;

  /** @param values of the header block; they are copied. */
  constructor(values: HeaderValues) {
    this.values = [...values];
  }

  get(key: string): (string | Buffer)[] {
    const value = this.values[RESPONSE_FIELDS.slotOf(key)];
    if (value === undefined) return [];
    return key.endsWith('-bin') ? value.split(',').map((each) => Buffer.from(each, 'base64')) : [value];
  }
}
