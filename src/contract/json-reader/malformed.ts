import { type FieldViolation, GatewayError } from '../../domain/errors.js';
import { BODY, formatPath } from './json-path.js';
import { traceJson } from './trace.js';

/** Creates a GatewayError MALFORMED_JSON with the mistake at a byte, and its field when that is known. */
export function malformed(bytes: Uint8Array, at: number, what: string): GatewayError {
  const violation = locate(bytes, at, what);
  return new GatewayError('MALFORMED_JSON', `The request body is not acceptable JSON: ${violation.detail}.`, {
    errors: [violation],
  });
}

/** Creates a GatewayError INVALID_ARGUMENT for a valid JSON value that exceeds a limit. */
export function excessive(bytes: Uint8Array, at: number, what: string): GatewayError {
  const violation = locate(bytes, at, what);
  return new GatewayError('INVALID_ARGUMENT', `The request is not valid: ${violation.field}: ${violation.detail}.`, {
    errors: [violation],
  });
}

function locate(bytes: Uint8Array, at: number, what: string): FieldViolation {
  const field = formatPath(traceJson(bytes, at).path) || BODY;
  return { field, detail: `${what} at byte ${at} (${lineAndColumn(bytes, at)})` };
}

/** Returns line and column. Columns count code points, as editors do; both start at 1. */
function lineAndColumn(bytes: Uint8Array, at: number): string {
  let line = 1;
  let column = 1;
  for (const byte of bytes.subarray(0, at)) {
    if (byte === 0x0a) {
      line++;
      column = 1;
    } else if (byte < 0x80 || byte >= 0xc0) {
      column++;
    }
  }
  return `line ${line}, column ${column}`;
}

/** Returns the error for a request with a body on a route without one. */
export function refuseBody(): GatewayError {
  const detail = 'this route takes no body';
  return new GatewayError('INVALID_ARGUMENT', `The request is not valid: ${detail}.`, {
    errors: [{ field: BODY, detail }],
  });
}
