import type { JsonObject } from '../contract/openapi/json.js';
import { OWN_TAG, type OwnOperation } from '../contract/openapi/extra-operations.js';

const VERDICT: JsonObject = {
  type: 'object',
  properties: {
    status: { enum: ['healthy', 'degraded'] },
    timestamp: { type: 'string', format: 'date-time', description: 'Time of the last check.' },
    checks: {
      type: 'object',
      description: '`healthy`, or what is wrong, by the name of the service.',
      additionalProperties: { type: 'string' },
    },
  },
  required: ['status', 'timestamp', 'checks'],
};

const VERDICT_RESPONSES: JsonObject = {
  '200': answer('Healthy.', VERDICT),
  '503': answer('Degraded: a required service is not healthy.', VERDICT),
};

/** OpenAPI operations of the health paths, by the name of their handler. */
export const HEALTH_OPERATIONS = {
  live: describe('Gateway_IsAlive', 'Liveness of the process', {
    '200': answer('It runs.', status('alive')),
  }),
  ready: describe('Gateway_IsReady', 'Readiness for traffic', {
    '200': answer('Ready.', status('ready')),
    '503': answer(
      'Not ready; `failing` says why.',
      status('unready', { failing: { type: 'array', items: { type: 'string' } } }),
    ),
  }),
  verdict: describe('Gateway_GetHealth', 'Health of the gateway and of its required services', VERDICT_RESPONSES),
  deep: describe('Gateway_GetDeepHealth', 'Health including optional services', VERDICT_RESPONSES),
} as const;

function describe(operationId: string, summary: string, responses: JsonObject): OwnOperation {
  const description = `${summary}.`;
  return { operation: { operationId, tags: [OWN_TAG], summary, description, responses }, problems: [400, 500] };
}

function answer(description: string, schema: JsonObject): JsonObject {
  return { description, content: { 'application/json': { schema } } };
}

function status(value: string, more: Readonly<Record<string, JsonObject>> = {}): JsonObject {
  const properties = { status: { const: value }, ...more };
  return { type: 'object', properties, required: Object.keys(properties) };
}
