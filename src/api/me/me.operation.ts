import type { JsonObject } from '../../contract/openapi/json.js';
import type { Route } from '../../contract/route.js';
import { OWN_TAG, type DescribeOperation } from '../../contract/openapi/extra-operations.js';
import { TenantService } from '../../gen/tenant/v1/tenant_pb.js';
import { UserService } from '../../gen/user/v1/user_pb.js';
import { ERROR_CODES } from '../../domain/errors.js';

/** The parts that each come from a service. */
const PARTS = [
  { part: 'user', service: UserService, schema: 'user.v1.User' },
  { part: 'tenant', service: TenantService, schema: 'tenant.v1.Tenant' },
] as const;

const TEXTS: JsonObject = { type: 'array', items: { type: 'string' } };

/** Describes `GET /api/v1/me` for the OpenAPI document, with the parts whose services are mounted. */
export const ME_OPERATION: DescribeOperation = (routes) => ({
  operation: {
    operationId: 'Gateway_GetMe',
    tags: [OWN_TAG],
    summary: 'Who is calling, and where',
    description:
      'The principal, and what its services say of it, in one answer. A part whose service fails is null and named in `errors`; ' +
      '`X-Gateway-Complete` then is `false`.',
    responses: {
      '200': {
        description: 'Success, whole or in part.',
        headers: {
          'X-Gateway-Complete': { description: 'Whether all parts are there.', schema: { enum: ['true', 'false'] } },
        },
        content: { 'application/json': { schema: describeMe(routes) } },
      },
    },
  },
  problems: [400, 401, 403, 429, 500, 503],
});

function describeMe(routes: readonly Route[]): JsonObject {
  const parts = PARTS.filter(({ service }) => routes.some(({ desc }) => desc.parent === service));
  return describeObject({
    principal: describeObject({
      subject: { type: 'string' },
      tenantId: { type: 'string' },
      identityType: { enum: ['user', 'service'] },
      authMethod: {
        enum: ['jwt', 'opaque', 'api_key', 'session', 'certificate'],
        description: 'How the credential was presented.',
      },
      roles: TEXTS,
      permissions: TEXTS,
    }),
    ...Object.fromEntries(parts.map(({ part, schema }) => [part, orNull(schema)])),
    errors: {
      type: 'array',
      description: 'The parts that are missing.',
      items: describeObject({
        part: parts.length === 0 ? { type: 'string' } : { enum: parts.map(({ part }) => part) },
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
