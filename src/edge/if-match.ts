import type { DescField } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { resolveFieldPath } from '../contract/field-path.js';
import type { Route } from '../contract/route.js';
import { compileStringReader } from '../contract/string-reader.js';
import { GatewayError, type GatewayErrorCode } from '../domain/errors.js';
import { trimOws } from '../domain/header-text.js';
import { withoutCoding } from './entity-tag.js';
import type { RpcExchange } from './pipeline/rpc-exchange.js';

/** One strong entity tag (RFC 9110 8.8.3), in ASCII and of bounded length. */
const STRONG_TAG = /^"[\x21\x23-\x7e]{1,512}"$/;
const TAG = /^(?:W\/)?"[\x21\x23-\x7e]*"$/;
/** Codes with which backends report that a tag does not match the current resource (AIP-154). */
const REFUSALS: ReadonlySet<GatewayErrorCode> = new Set(['ABORTED', 'FAILED_PRECONDITION']);

/** Writes the tag of `If-Match` into the request message of an exchange. */
export type PreconditionStep = (exchange: RpcExchange) => void;

/** Compiles the handling of `If-Match` for a route; undefined where its policy does not name a field for it. */
export function compileIfMatch({ desc, method: { policy } }: Route): PreconditionStep | undefined {
  const { etag } = policy;
  const fields = etag?.requestField === undefined ? undefined : resolveFieldPath(desc.input, etag.requestField);
  const read = compileStringReader(desc.input, etag?.requestField);
  if (etag === undefined || fields === undefined || typeof fields === 'string' || read === undefined) return undefined;
  const { unquoted } = etag;
  const name = fields.map((field) => field.jsonName).join('.');
  return (exchange) => {
    const tag = readTag(exchange.request.headers['if-match']);
    if (tag === undefined) return;
    const value = unquoted ? tag.slice(1, -1) : tag;
    const given = read(exchange.message);
    if (given !== '' && given !== value) throw contradiction(name);
    if (given === '') exchange.message = Buffer.concat([exchange.message, encodeAt(fields, value)]);
  };
}

/**
 * Returns a refusal of the backend as PRECONDITION_FAILED, for a request that had a precondition (RFC 9110 13.1.1); any
 * other error unchanged.
 */
export function asPrecondition(error: unknown, { request }: RpcExchange): unknown {
  const isRefusal = error instanceof GatewayError && REFUSALS.has(error.code) && error.cause !== undefined;
  if (!isRefusal || request.headers['if-match'] === undefined) return error;
  const { detail, cause, errors } = error;
  return new GatewayError('PRECONDITION_FAILED', detail, { cause, errors });
}

/**
 * Reads a strong tag; undefined without the header, and for `*`, which matches any existing resource: the backend
 * checks that itself. A weak tag never matches (RFC 9110 13.1.1). Throws PRECONDITION_FAILED or INVALID_ARGUMENT.
 */
function readTag(header: string | undefined): string | undefined {
  const tag = header === undefined ? '*' : trimOws(header);
  if (tag === '*') return undefined;
  if (STRONG_TAG.test(tag)) return withoutCoding(tag);
  if (TAG.test(tag))
    throw new GatewayError(
      'PRECONDITION_FAILED',
      'If-Match names an entity tag that is weak, empty or too long, which never matches.',
    );
  throw new GatewayError('INVALID_ARGUMENT', 'If-Match must be one entity tag in double quotes, or *.', {
    errors: [{ field: 'If-Match', detail: 'expected one entity tag such as "abc", with its quotes' }],
  });
}

function contradiction(name: string): GatewayError {
  const detail = 'differs from If-Match';
  return new GatewayError('INVALID_ARGUMENT', `The field ${name} ${detail}.`, { errors: [{ field: name, detail }] });
}

/**
 * Encodes the field and the messages around it. Parsers merge them into those of the preceding message (Protobuf
 * encoding, "Last One Wins").
 */
function encodeAt(fields: readonly DescField[], value: string): Uint8Array {
  let bytes = Buffer.from(value) as Uint8Array;
  for (const { number } of fields.toReversed()) {
    bytes = new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(bytes).finish();
  }
  return bytes;
}
