import type { Comments } from '../comments.js';
import type { Route } from '../route.js';
import { toMarkdown } from './comment-text.js';
import { securitySchemes, type AcceptedCredentials } from './credentials.js';
import { HEADER_PARAMETERS, RESPONSE_HEADERS } from './headers.js';
import type { JsonObject } from './json.js';
import { MessageSchemas } from './message-schemas.js';
import { describeOperation, describeSuccess } from './operation.js';
import { NameGiver } from './operation-names.js';
import type { MessageRules } from '../validation/message-rules.js';
import { pathShape, toOpenApiPath } from './path.js';
import type { OpenApiPath } from './path.js';
import { PROBLEM_SCHEMA, problemResponses } from './problems.js';

/** Input of a document. */
export interface OpenApiOptions {
  readonly routes: readonly Route[];
  readonly comments: Comments;
  /** Version of the API, shown as `info.version`. */
  readonly version: string;
  readonly emitDefaults: boolean;
  /** True if fields have their proto names. */
  readonly protoNames?: boolean;
  /** True if enums are numbers. */
  readonly enumNumbers?: boolean;
  /** Query parameters that are ignored: `fbclid`, `utm_*`. */
  readonly ignoredQuery?: readonly string[];
  /** Rules of messages (buf.validate); undefined where no request has any. */
  readonly rules?: MessageRules | undefined;
  /** Credentials in addition to bearer tokens; API keys only if omitted. */
  readonly credentials?: AcceptedCredentials;
  /** Contact for the API: an e-mail address or a URL. */
  readonly contact?: string | undefined;
  /** URL at which clients reach the gateway; `/` when it is not known. */
  readonly serverUrl?: string;
}

/** An OpenAPI 3.1 document. */
export interface OpenApiDocument extends JsonObject {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, JsonObject>>;
}

const API_KEYS: AcceptedCredentials = { apiKeys: true, sessionCookie: undefined };

/** Methods that a path item of OpenAPI 3.1 can contain. */
const NAMED_VERBS = new Set(['GET', 'PUT', 'POST', 'DELETE', 'OPTIONS', 'HEAD', 'PATCH', 'TRACE']);

function describeApi({ protoNames, enumNumbers, ignoredQuery = [] }: OpenApiOptions): string {
  const names = protoNames
    ? 'names as in the proto (requests may use lowerCamelCase too)'
    : 'names in lowerCamelCase (requests may use the proto names too)';
  const enums = enumNumbers ? 'enums by number (requests may use the names too)' : 'enums by name';
  const ignored = ignoredQuery.map((name) => `\`${name}\``).join(', ');
  return [
    `Bodies are proto3 JSON: ${names}, ${enums}, 64-bit integers as strings, bytes in base64, times in RFC 3339.`,
    'Every error is a problem (RFC 9457) with a stable `code`.',
    ...(ignored === '' ? [] : [`Query parameters that are ignored: ${ignored}.`]),
  ].join(' ');
}

function describeContact(contact: string | undefined): JsonObject {
  const name = 'Operators of this API';
  if (contact === undefined) return { name };
  return { name, [contact.includes('://') ? 'url' : 'email']: contact };
}

/** Describes the routes and the extra operations. */
export function buildOpenApi(options: OpenApiOptions): OpenApiDocument {
  const { comments, credentials = API_KEYS } = options;
  const schemas = new MessageSchemas(options);
  const names = new NameGiver(options.routes);
  // Responses first, because a message that is used both ways keeps its plain name there.
  for (const route of options.routes) describeSuccess(route, schemas);
  const paths = new Map<string, JsonObject>();
  const pathByShape = new Map<string, OpenApiPath>();
  for (const route of options.routes) {
    const path = unifyPath(toOpenApiPath(route), pathByShape);
    const operation = describeOperation(route, path, names.name(route), { schemas, comments, credentials });
    paths.set(path.path, addOperation(paths.get(path.path) ?? {}, route.verb, operation));
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'api-gateway',
      version: options.version,
      description: describeApi(options),
      contact: describeContact(options.contact),
    },
    servers: [{ url: options.serverUrl ?? '/' }],
    tags: describeTags(options, names),
    paths: Object.fromEntries(paths),
    components: {
      schemas: { ...schemas.toComponents(), Problem: PROBLEM_SCHEMA },
      responses: problemResponses(),
      parameters: HEADER_PARAMETERS,
      headers: RESPONSE_HEADERS,
      securitySchemes: securitySchemes(credentials),
    },
  };
}

/**
 * Returns a path item with one more operation. A method that OpenAPI 3.1 does not define is added to
 * `additionalOperations`, as in OpenAPI 3.2; so is a second template of the same method that OpenAPI cannot distinguish
 * from the first (`{id}` and `{path=**}`).
 */
export function addOperation(item: JsonObject, verb: string, operation: JsonObject): JsonObject {
  const key = verb.toLowerCase();
  if (!NAMED_VERBS.has(verb)) {
    const others = item['x-additional-operations'] as JsonObject | undefined;
    return { ...item, 'x-additional-operations': { ...others, [verb]: operation } };
  }
  if (item[key] === undefined) return { ...item, [key]: operation };
  const beside = (item['x-operations-beside'] ?? []) as readonly JsonObject[];
  return { ...item, 'x-operations-beside': [...beside, { method: key, operation }] };
}

/** Returns the path with the parameter names of the first path of the same shape. */
function unifyPath(path: OpenApiPath, pathByShape: Map<string, OpenApiPath>): OpenApiPath {
  const shape = pathShape(path.path);
  const first = pathByShape.get(shape);
  if (first === undefined) {
    pathByShape.set(shape, path);
    return path;
  }
  const parameters = path.parameters.map((each, index) => ({
    ...each,
    name: first.parameters[index]?.name ?? each.name,
  }));
  return { path: first.path, parameters };
}

function describeTags({ routes, comments }: OpenApiOptions, names: NameGiver): JsonObject[] {
  const services = new Map(routes.map((route) => [names.name(route).tag, route.method.service]));
  return [...services].map(([name, service]) => {
    const comment = comments.get(service);
    return { name, description: comment === undefined ? `RPCs of \`${service}\`.` : toMarkdown(comment) };
  });
}
