import type { DescMessage } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { resolveFieldPath } from './field-path.js';

/** Reads a string of a request from the bytes of its message; empty when it is not set. */
export type StringReader = (request: Uint8Array) => string;

/**
 * Compiles the reader of a field, by its path; undefined without one. A path that does not exist is reported where the
 * policy is read.
 */
export function compileStringReader(input: DescMessage, path: string | undefined): StringReader | undefined {
  if (path === undefined) return undefined;
  const fields = resolveFieldPath(input, path);
  if (typeof fields === 'string') return undefined;
  const numbers = fields.map(({ number }) => number);
  return (request) => readOrEmpty(request, numbers);
}

/** Reads the string; empty for bytes that are not a valid message, which an override may send. */
function readOrEmpty(request: Uint8Array, path: readonly number[]): string {
  try {
    return readString(new BinaryReader(request), request.length, path);
  } catch {
    return '';
  }
}

/**
 * Reads a string. The last occurrence of a field counts, and parts of one message are merged (Protobuf encoding, "Last
 * One Wins").
 */
function readString(reader: BinaryReader, end: number, [number, ...below]: readonly number[]): string {
  let value = '';
  while (reader.pos < end) {
    const [field, wireType] = reader.tag();
    if (field !== number || wireType !== WireType.LengthDelimited) reader.skip(wireType, field);
    else if (below.length === 0) value = reader.string();
    else value = readString(reader, reader.uint32() + reader.pos, below) || value;
  }
  return value;
}
