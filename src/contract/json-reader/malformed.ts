import { GatewayError } from '../../domain/errors.js';
import { BODY, formatPath } from './json-path.js';
import { traceJson } from './trace.js';

/** GatewayError MALFORMED_JSON that says what is wrong at a byte, and in which field when that is known. */
export function malformed(bytes: Uint8Array, at: number, what: string): GatewayError {
  const field = formatPath(traceJson(bytes, at).path) || BODY;
  const where = `at byte ${at} (${lineAndColumn(bytes, at)})`;
  return new GatewayError('MALFORMED_JSON', `The request body is not acceptable JSON: ${what} ${where}.`, {
    errors: [{ field, detail: `${what} ${where}` }],
  });
}

/** Columns count code points, as editors do; both start at 1. */
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
