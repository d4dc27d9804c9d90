import { FieldSelection } from './field-selection.js';
import { nameFlaw } from './response-rules.js';
import type { HeaderValues } from './stream.js';

/** All that is read of a response's headers and trailers; nothing of a backend's is passed on as it is. */
export const RESPONSE_FIELDS = new FieldSelection(
  [
    ':status',
    'content-type',
    'grpc-status',
    'grpc-message',
    'grpc-status-details-bin',
    'grpc-retry-pushback-ms',
    'content-length',
    'te',
  ],
  {
    nameFlaw,
    single: [':status', 'content-type', 'grpc-status', 'content-length'],
    // gRPC encodes neither the first space of a text nor the last (gRPC over HTTP2, "Status-Message").
    freeText: 'grpc-message',
  },
);

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

/** Returns whether a block is one of 1xx, which others follow. */
export function isInformational(values: HeaderValues): boolean {
  return values[Slot.HTTP_STATUS]?.startsWith('1') === true;
}
