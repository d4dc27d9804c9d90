import type { JsonObject } from '../../contract/openapi/json.js';
import type { OwnOperation } from '../../edge/docs/documented.decorator.js';
import { ERROR_CODES } from '../../domain/errors.js';
import { OWN_TAG } from '../../edge/docs/openapi-document.js';

const TEXTS: JsonObject = { type: 'array', items: { type: 'string' } };

/** What the OpenAPI document says of `GET /api/v1/me`. */
export const ME_OPERATION: OwnOperation = {
  operation: {
    operationId: 'Gateway_GetMe',
    tags: [OWN_TAG],
    summary: 'Who is calling, and where',
    description:
      'Principal, user and tenant in one answer. A part whose service fails is null and named in `errors`; ' +
      '`X-Gateway-Complete` then is `false`.',
    security: [{ bearer: [] }],
    responses: {
      '200': {
        description: 'Success, whole or in part.',
        headers: {
          'X-Gateway-Complete': { description: 'Whether all parts are there.', schema: { enum: ['true', 'false'] } },
        },
        content: { 'application/json': { schema: describeMe() } },
      },
    },
  },
  problems: [400, 401, 403, 429, 500, 503],
};

function describeMe(): JsonObject {
  return describeObject({
    principal: describeObject({
      subject: { type: 'string' },
      tenantId: { type: 'string' },
      identityType: { enum: ['user', 'service'] },
      authMethod: { enum: ['jwt', 'opaque', 'api_key', 'session'], description: 'How the credential was presented.' },
      roles: TEXTS,
      permissions: TEXTS,
    }),
    user: orNull('user.v1.User'),
    tenant: orNull('tenant.v1.Tenant'),
    errors: {
      type: 'array',
      description: 'The parts that are missing.',
      items: describeObject({
        part: { enum: ['user', 'tenant'] },
        code: { enum: Object.keys(ERROR_CODES) },
        detail: { type: 'string' },
      }),
    },
  });
}

function describeObject(properties: Readonly<Record<string, JsonObject>>): JsonObject {
  return { type: 'object', properties, required: Object.keys(properties) };
}

function orNull(name: string): JsonObject {
  return { oneOf: [{ $ref: `#/components/schemas/${name}` }, { type: 'null' }] };
}
