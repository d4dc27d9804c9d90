import type { Access } from '../../domain/policy.js';
import type { Route } from '../route.js';
import { acceptedBy, type AcceptedCredentials } from './credentials.js';
import { addOperation, type OpenApiDocument } from './document.js';
import type { JsonObject } from './json.js';
import { problemReferences } from './problems.js';

/** Tag of the operations that the gateway serves itself. */
export const OWN_TAG = 'Gateway';

const DOCUMENTED = Symbol('Documented');

/** An operation that is not described by a proto: a composed endpoint, a health path. */
export interface ExtraOperation {
  /** Access level; undefined where `operation` has its own `security`. */
  readonly access?: Access | undefined;
  readonly verb: string;
  /** Path in OpenAPI syntax: `/api/v1/me`. */
  readonly path: string;
  /** The operation as it appears in the document, with an operationId and its successful responses. */
  readonly operation: JsonObject;
  /** Statuses of its possible problems. */
  readonly problems: readonly number[];
}

/** Returns the document with the extra operations added. Throws Error for an operation that exists already. */
export function addExtraOperations(
  document: OpenApiDocument,
  extras: readonly ExtraOperation[],
  credentials: AcceptedCredentials = { apiKeys: false, sessionCookie: undefined },
): OpenApiDocument {
  const paths: Record<string, JsonObject> = { ...document.paths };
  for (const { verb, path, access, operation, problems } of extras) {
    const item = paths[path] ?? {};
    if (item[verb.toLowerCase()] !== undefined) throw new Error(`${verb} ${path} is described twice`);
    const responses = { ...(operation.responses as JsonObject | undefined), ...problemReferences(problems) };
    const security = access === undefined ? {} : { security: acceptedBy(access, verb, credentials) };
    paths[path] = addOperation(item, verb, { ...security, ...operation, responses });
  }
  return { ...document, paths };
}

/** Description of a hand-written route; its verb and path are those of the route itself. */
export type OwnOperation = Pick<ExtraOperation, 'operation' | 'problems'>;

/** Describes a route that is composed of other routes of the document. */
export type DescribeOperation = (routes: readonly Route[]) => OwnOperation;

/** Adds a hand-written route to the OpenAPI document. Of a route with several paths, the first one is described. */
export function Documented(described: OwnOperation | DescribeOperation): MethodDecorator {
  return (_target, _name, descriptor) => {
    Reflect.defineMetadata(DOCUMENTED, described, descriptor.value as object);
  };
}

/** Returns the description that {@link Documented} stored on a handler. */
export function describedOperation(handler: object, routes: readonly Route[]): OwnOperation | undefined {
  const described = Reflect.getMetadata(DOCUMENTED, handler) as OwnOperation | DescribeOperation | undefined;
  return typeof described === 'function' ? described(routes) : described;
}
