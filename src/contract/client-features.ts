import type { DescMethod } from '@bufbuild/protobuf';
import { ScalarType } from '@bufbuild/protobuf';
import type { EtagPolicy, Policy } from '../domain/policy.js';
import type { Policy as ProtoPolicy } from '../gen/gateway/v1/policy_pb.js';
import { readDeprecation } from './deprecation.js';
import { resolveFieldPath } from './field-path.js';
import { headerMistake } from './response-headers.js';

/** More names than these are a mistake. */
const MAX_HEADERS = 20;

/** What a policy says of HTTP alone. */
export type ClientFeatures = Pick<
  Policy,
  'responseHeaders' | 'encodedSlashes' | 'uncompressed' | 'etag' | 'deprecation'
>;

/** Reads what a policy says of HTTP alone. What is wrong is added to `mistakes`. */
export function readClientFeatures(method: DescMethod, proto: ProtoPolicy, mistakes: string[]): ClientFeatures {
  return {
    responseHeaders: readResponseHeaders(proto, mistakes),
    encodedSlashes: proto.encodedSlashes,
    uncompressed: proto.uncompressed,
    etag: readEtag(method, proto, mistakes),
    deprecation: readDeprecation(proto, mistakes),
  };
}

function readResponseHeaders({ responseHeaders: names, cache }: ProtoPolicy, mistakes: string[]) {
  if (names.length === 0) return undefined;
  mistakes.push(...names.map(headerMistake).filter((mistake) => mistake !== undefined));
  if (new Set(names).size < names.length) mistakes.push('response_headers names a header twice');
  if (names.length > MAX_HEADERS) mistakes.push(`response_headers has more than ${MAX_HEADERS} names`);
  if (cache?.ttl !== undefined) {
    mistakes.push('response_headers and cache exclude each other: a cached response has no headers of the backend');
  }
  return names;
}

function readEtag({ input, output, methodKind }: DescMethod, { etag, cache }: ProtoPolicy, mistakes: string[]) {
  if (etag === undefined) return undefined;
  const { responseField, requestField, unquoted } = etag;
  const policy: EtagPolicy = {
    responseField: responseField === '' ? undefined : responseField,
    requestField: requestField === '' ? undefined : requestField,
    unquoted,
  };
  if (methodKind !== 'unary') mistakes.push('etag is for unary RPCs');
  if (responseField === '' && requestField === '')
    mistakes.push('etag names no field: set response_field or request_field');
  if (cache?.ttl !== undefined && responseField !== '') {
    mistakes.push('etag.response_field and cache exclude each other: a cached response has a tag of its own');
  }
  for (const [option, message, path] of [
    ['etag.response_field', output, policy.responseField],
    ['etag.request_field', input, policy.requestField],
  ] as const) {
    const fields = path === undefined ? [] : resolveFieldPath(message, path);
    if (typeof fields === 'string') mistakes.push(`${option} "${path}": ${fields}`);
    else if (fields.length > 0 && !fields.every(isSingular))
      mistakes.push(`${option} "${path}" is in a list, a map, a oneof or a group`);
    else if (fields.length > 0 && !isText(fields.at(-1)!)) mistakes.push(`${option} "${path}" must be a string`);
  }
  return policy;
}

type Fields = Exclude<ReturnType<typeof resolveFieldPath>, string>;

/** Neither in a list nor in a map, nor one of several, nor a group: what is appended to a message is merged into it. */
function isSingular(field: Fields[number]): boolean {
  if (field.oneof !== undefined) return false;
  return field.fieldKind === 'scalar' || (field.fieldKind === 'message' && !field.delimitedEncoding);
}

function isText(field: Fields[number]): boolean {
  return field.fieldKind === 'scalar' && field.scalar === ScalarType.STRING;
}
