import { FieldSelection } from './field-selection.js';

/** All that is read of a response's headers and trailers; nothing of a backend's passes on as it is. */
export const RESPONSE_FIELDS = new FieldSelection([
  ':status',
  'content-type',
  'grpc-status',
  'grpc-message',
  'grpc-status-details-bin',
  'grpc-retry-pushback-ms',
]);

/** Where the values of those fields lie. */
export const Slot = {
  HTTP_STATUS: 0,
  CONTENT_TYPE: 1,
  GRPC_STATUS: 2,
  GRPC_MESSAGE: 3,
  GRPC_DETAILS: 4,
  RETRY_PUSHBACK: 5,
} as const;
