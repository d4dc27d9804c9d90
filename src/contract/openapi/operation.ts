import { getOption } from '@bufbuild/protobuf';
import type { DescField, DescMessage, DescMethod } from '@bufbuild/protobuf';
import type { Policy } from '../../domain/policy.js';
import { method_signature } from '../../gen/google/api/client_pb.js';
import type { Comments } from '../comments.js';
import { hasRawResponse, takesRawBody } from '../http-body.js';
import { findMaskRule } from '../json-reader/mask-rule.js';
import type { Route } from '../route.js';
import { firstSentence, toMarkdown, toWords } from './comment-text.js';
import { exampleOfField, exampleOfMessage } from './example.js';
import { excludedBelow, isExcluded, listedFields } from './excluded-fields.js';
import { acceptedBy, type AcceptedCredentials } from './credentials.js';
import type { Direction, ExcludedFields } from './excluded-fields.js';
import { commonHeaders, hasTag, headerParameters } from './headers.js';
import type { Json, JsonObject } from './json.js';
import type { MessageSchemas } from './message-schemas.js';
import { describeParameters, takenFields } from './parameters.js';
import type { OpenApiPath } from './path.js';
import { problemReferences, problemStatuses } from './problems.js';

/** Content in its own media type: OpenAPI 3.1 describes raw bytes without a schema. */
const ANY_CONTENT: JsonObject = { '*/*': {} };

/** A description of a value: its schema and a valid example. */
type Described = { readonly schema: JsonObject; readonly example?: Json | undefined };

/** Names of an operation, which are unique in the document. */
export interface OperationNames {
  readonly operationId: string;
  readonly tag: string;
}

/** Data that all operations of a document share. */
export interface OperationContext {
  readonly schemas: MessageSchemas;
  readonly comments: Comments;
  readonly credentials: AcceptedCredentials;
}

/** Returns the OpenAPI operation of a route. */
export function describeOperation(
  route: Route,
  path: OpenApiPath,
  names: OperationNames,
  { schemas, comments, credentials }: OperationContext,
): JsonObject {
  const { policy } = route.method;
  const comment = comments.get(`${route.method.service}.${route.method.name}`);
  const parameters = [...describeParameters(route, path, schemas), ...headerParameters(route)];
  return {
    operationId: names.operationId,
    tags: [names.tag],
    summary: comment === undefined ? toWords(route.method.name) : firstSentence(comment),
    description: comment === undefined ? `Calls \`${route.method.path.slice(1)}\`.` : toMarkdown(comment),
    ...describeMethod(route.desc, policy),
    ...describeAccess(route, credentials),
    parameters,
    ...describeRequestBody(route, schemas),
    responses: {
      [String(policy.successStatus)]: describeSuccess(route, schemas),
      ...describeUnchanged(route),
      ...problemReferences(problemStatuses(route)),
    },
  };
}

/** Returns the parts that come from the options of an RPC. */
function describeMethod(desc: DescMethod, { deprecation }: Policy): JsonObject {
  const signatures = getOption(desc, method_signature);
  const sunset = deprecation?.sunsetMs;
  return {
    ...(desc.deprecated || desc.parent.deprecated || deprecation !== undefined ? { deprecated: true } : {}),
    ...(sunset === undefined ? {} : { 'x-sunset': new Date(sunset).toISOString() }),
    ...(signatures.length === 0 ? {} : { 'x-method-signatures': signatures }),
  };
}

/** Describes the credentials. An empty list of schemes means that none is needed. */
function describeAccess({ verb, method: { policy } }: Route, credentials: AcceptedCredentials): JsonObject {
  return {
    security: acceptedBy(policy.access, verb, credentials),
    ...(policy.permissions.length === 0 ? {} : { 'x-required-permissions': policy.permissions }),
    ...(policy.roles.length === 0 ? {} : { 'x-granting-roles': policy.roles }),
  };
}

function describeRequestBody(route: Route, schemas: MessageSchemas): JsonObject {
  if (route.body === undefined) return {};
  if (takesRawBody(route)) return { requestBody: { content: ANY_CONTENT } };
  const { body, desc, verb } = route;
  const direction = verb === 'PATCH' && findMaskRule(route) !== undefined ? 'update' : 'request';
  const excluded = listedFields(desc.input, direction, takenFields(route));
  const described =
    body === '*'
      ? describeMessage(desc.input, schemas, direction, excluded)
      : describeField(body, schemas, direction, excluded);
  const isRequired = needsBody(route, schemas, excluded);
  return { requestBody: { ...(isRequired && { required: true }), content: { 'application/json': described } } };
}

/** Returns whether a request needs its body, because only the body can set a required field. */
function needsBody({ body, desc }: Route, schemas: MessageSchemas, excluded: ExcludedFields): boolean {
  const fields = body === '*' ? desc.input.fields : body === undefined ? [] : [body];
  return fields.some((field) => schemas.isDemanded(field) && !isExcluded(field, 'request', excluded));
}

/** Returns the successful response of a route. */
export function describeSuccess(route: Route, schemas: MessageSchemas): JsonObject {
  return { ...describeContent(route, schemas), headers: describeHeaders(route) };
}

/** Describes headers of the gateway, passed headers of the backend, and those of a deprecated RPC. */
function describeHeaders({ verb, method: { policy } }: Route): JsonObject {
  const names = [...(policy.responseHeaders ?? []), ...(policy.deprecation?.link === undefined ? [] : ['Link'])];
  const own = Object.fromEntries(names.map((name) => [name, { schema: { type: 'string' } }]));
  return {
    ...commonHeaders({
      ...((verb === 'GET' && hasTag(policy)) || policy.etag?.responseField !== undefined ? { ETag: 'ETag' } : {}),
      ...(policy.deprecation === undefined ? {} : { Deprecation: 'Deprecation' }),
      ...(policy.deprecation?.sunsetMs === undefined ? {} : { Sunset: 'Sunset' }),
    }),
    ...own,
  };
}

function describeContent(route: Route, schemas: MessageSchemas): JsonObject {
  const { policy, kind } = route.method;
  if (policy.successStatus === 204) return { description: 'Done; there is nothing to say.' };
  if (hasRawResponse(route)) {
    return { description: 'The content itself, in its own media type.', content: ANY_CONTENT };
  }
  const { desc, responseBody } = route;
  const excluded = listedFields(desc.output, 'response', policy.redact);
  const described =
    responseBody === undefined
      ? describeMessage(desc.output, schemas, 'response', excluded)
      : describeField(responseBody, schemas, 'response', excluded);
  if (kind === 'server_stream') return describeStream(described);
  return { description: 'Success.', content: { 'application/json': described } };
}

/** Describes 304 for responses with an entity tag. */
function describeUnchanged({ verb, method: { policy } }: Route): JsonObject {
  if (verb !== 'GET' || (policy.cache === undefined && policy.etag?.responseField === undefined)) return {};
  const description = 'Nothing has changed: `If-None-Match` names the `ETag` of the answer.';
  return { 304: { description, headers: { ETag: { schema: { type: 'string' } } } } };
}

function describeMessage(
  message: DescMessage,
  schemas: MessageSchemas,
  direction: Direction,
  excluded: ExcludedFields,
): Described {
  const example = exampleOfMessage(message, schemas.view(direction), excluded);
  return { schema: schemas.ofMessage(message, direction, excluded), example };
}

function describeField(
  field: DescField,
  schemas: MessageSchemas,
  direction: Direction,
  excluded: ExcludedFields,
): Described {
  const below = excludedBelow(field, excluded);
  return {
    schema: schemas.ofField(field, direction, below),
    example: exampleOfField(field, schemas.view(direction), below),
  };
}

/** Describes a stream. OpenAPI 3.1 has no keyword for its items, so `x-item-schema` describes each event or line. */
function describeStream({ schema, example = {} }: Described): JsonObject {
  const line = JSON.stringify(example);
  return {
    description: 'Messages as they come: server-sent events unless Accept asks for one of the others.',
    content: {
      'text/event-stream': {
        schema: { type: 'string' },
        'x-item-schema': schema,
        example: `id: 1\ndata: ${line}\n\nevent: end\ndata: {}\n\n`,
      },
      'application/x-ndjson': { schema: { type: 'string' }, 'x-item-schema': schema, example: `${line}\n` },
      'application/json': { schema: { type: 'array', items: schema }, example: [example] },
    },
  };
}
