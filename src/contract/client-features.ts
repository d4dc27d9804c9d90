import { type DescMethod, ScalarType } from '@bufbuild/protobuf';
import type { EtagPolicy, Policy, ResumePolicy } from '../domain/policy.js';
import { Access as ProtoAccess, type Policy as ProtoPolicy } from '../gen/gateway/v1/policy_pb.js';
import { readDeprecation } from './deprecation.js';
import { resolveFieldPath } from './field-path.js';

/** Default time for which a stream is kept, with `resume: {}`. */
const KEEP_MS = 60_000;

const MAX_MESSAGES = 1_000;

const MAX_BYTES = 1_048_576;

/** Maximum time for which a stream may be kept, since its call to the backend continues for as long. */
const LONGEST_KEEP_MS = 3_600_000;

/** Maximum number of passed headers; more are a mistake. */
const MAX_HEADERS = 20;

/** Characters of a header name in HTTP/2 and gRPC (RFC 9113 8.2.1). */
const NAME = /^[a-z0-9][a-z0-9_.-]*$/;

/** Reasons for which a backend must not set a header, by name. */
const REFUSED: readonly (readonly [names: RegExp, reason: string])[] = [
  [/^(?:set-cookie2?|cookie2?)$/, "cookies of clients are the gateway's alone"],
  [
    /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|http2-settings)$/,
    'it belongs to one connection (RFC 9110 7.6.1)',
  ],
  [
    /^(?:content-(?:length|encoding|type|range)|accept-ranges|date|age|vary|allow|server|via|expect|host)$/,
    'the gateway frames and describes its responses itself',
  ],
  [
    /^(?:cache-control|pragma|expires|etag|clear-site-data)$/,
    'the policy decides about caches: see `cache` and `etag`',
  ],
  [
    /^(?:strict-transport-security|content-security-policy.*|x-(?:content-type-options|frame-options|xss-protection)|referrer-policy|permissions-policy|cross-origin-.*|access-control-.*|timing-allow-origin|origin-agent-cluster|service-worker-allowed|refresh|alt-svc|nel|report-to|reporting-endpoints)$/,
    'it decides what browsers allow',
  ],
  [/^(?:www-authenticate|authorization|authentication-info|x-api-key|x-csrf.*)$/, 'it is about credentials'],
  [
    /^(?:x-request-id|x-correlation-id|x-trace-id|traceparent|tracestate|server-timing|x-gateway-.*|retry-after|ratelimit.*|x-ratelimit-.*|idempotency-.*|deprecation|sunset|x-accel-.*)$/,
    'the gateway sets it itself',
  ],
  [/^grpc-/, 'it belongs to gRPC'],
  [/-bin$/, 'its value is not text'],
];

/** The parts of a policy that concern HTTP only. */
export type ClientFeatures = Pick<
  Policy,
  'responseHeaders' | 'encodedSlashes' | 'uncompressed' | 'etag' | 'deprecation'
>;

/** Reads the parts of a policy that concern HTTP only. Mistakes are added to `mistakes`. */
export function readClientFeatures(method: DescMethod, proto: ProtoPolicy, mistakes: string[]): ClientFeatures {
  return {
    responseHeaders: readResponseHeaders(proto, mistakes),
    encodedSlashes: proto.encodedSlashes,
    uncompressed: proto.uncompressed,
    etag: readEtag(method, proto, mistakes),
    deprecation: readDeprecation(proto, mistakes),
  };
}

/** Reads the retention of a resumable stream; undefined when nothing is kept. Mistakes are added to `mistakes`. */
export function readResume(
  { output }: DescMethod,
  { stream, access }: ProtoPolicy,
  mistakes: string[],
): ResumePolicy | undefined {
  if (stream?.resume === undefined) return undefined;
  const { keep, maxMessages, maxBytes } = stream.resume;
  const keepMs = keep === undefined ? KEEP_MS : Number(keep.seconds) * 1000 + Math.ceil(keep.nanos / 1_000_000);
  if (keepMs <= 0 || keepMs > LONGEST_KEEP_MS) {
    mistakes.push(`stream.resume.keep is ${keepMs}ms: it must be above zero and at most ${LONGEST_KEEP_MS}ms`);
  }
  if (access === ProtoAccess.OPEN) mistakes.push('stream.resume needs a caller: an open RPC has nobody to come back');
  if (output.typeName === 'google.api.HttpBody') mistakes.push('stream.resume is for events: a raw body has none');
  return { keepMs, maxMessages: maxMessages || MAX_MESSAGES, maxBytes: maxBytes || MAX_BYTES };
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

/**
 * Returns whether a field is singular: not repeated, not a map, not in a oneof, not a group. Only such a field can be
 * appended to a message.
 */
function isSingular(field: Fields[number]): boolean {
  if (field.oneof !== undefined) return false;
  return field.fieldKind === 'scalar' || (field.fieldKind === 'message' && !field.delimitedEncoding);
}

function isText(field: Fields[number]): boolean {
  return field.fieldKind === 'scalar' && field.scalar === ScalarType.STRING;
}

/** Returns why a policy must not pass a header of the backend; undefined when it may. */
export function headerMistake(name: string): string | undefined {
  if (!NAME.test(name)) return `response_headers "${name}" is not a header name in lower case`;
  const reason = REFUSED.find(([names]) => names.test(name))?.[1];
  return reason && `response_headers "${name}" may not be a backend's: ${reason}`;
}
