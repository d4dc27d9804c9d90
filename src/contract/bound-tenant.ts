import type { DescMessage } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { resolveFieldPath } from './field-path.js';

/** Reads the tenant that a request is about from the bytes of its message; empty when it names none. */
export type TenantReader = (request: Uint8Array) => string;

/** Compiles the reader of a `tenant_field`; undefined without one. A path that does not exist is reported by the request's codec. */
export function compileTenantReader(input: DescMessage, tenantField: string | undefined): TenantReader | undefined {
  if (tenantField === undefined) return undefined;
  const fields = resolveFieldPath(input, tenantField);
  if (typeof fields === 'string') return undefined;
  const path = fields.map(({ number }) => number);
  return (request) => readTenant(request, path);
}

/** An override may send any bytes: of those that are no message nothing is known. */
function readTenant(request: Uint8Array, path: readonly number[]): string {
  try {
    return readString(new BinaryReader(request), request.length, path);
  } catch {
    return '';
  }
}

/** The last occurrence of a field counts, and parts of one message are merged (Protobuf encoding, "Last One Wins"). */
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
