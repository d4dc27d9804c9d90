import type { Access } from '../../domain/policy.js';
import { acceptedBy, type AcceptedCredentials } from './credentials.js';
import { addOperation } from './document.js';
import type { OpenApiDocument } from './document.js';
import type { JsonObject } from './json.js';
import { problemReferences } from './problems.js';

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
