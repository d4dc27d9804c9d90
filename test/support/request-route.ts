import { readFileSync } from 'node:fs';
import { createFileRegistry, fromBinary } from '@bufbuild/protobuf';
import type { DescField, DescMessage, DescMethod, FileRegistry } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { RequestInput } from '../../src/contract/codec.js';
import type { PathVariable, Route } from '../../src/contract/route.js';
import type { Policy } from '../../src/domain/policy.js';

/** Types of the test protos: a message with every kind of field, and proto2's own shapes. */
export const kindsRegistry: FileRegistry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, readFileSync(new URL('../gen/descriptors.binpb', import.meta.url))),
);

/** A message of the test protos: `kinds.v1.Scalars`. */
export function kindsMessage(name: string): DescMessage {
  const desc = kindsRegistry.getMessage(`kinds.v1.${name}`);
  if (desc === undefined) throw new Error(`no message kinds.v1.${name}`);
  return desc;
}

interface RouteShape {
  readonly input: DescMessage;
  readonly verb?: string;
  /** `*`, or the proto name of a field. */
  readonly body?: string;
  /** Dotted proto names. */
  readonly variables?: readonly string[];
  readonly policy?: Partial<Policy>;
}

const OPEN_POLICY: Policy = {
  access: 'OPEN',
  permissions: [],
  roles: [],
  tenantField: undefined,
  protectedFields: [],
  redact: [],
  responseTenantFields: [],
  timeoutMs: undefined,
  retry: undefined,
  cache: undefined,
  maxConcurrent: 0,
  rate: undefined,
  cost: 1,
  fallback: undefined,
  stream: { idleTimeoutMs: 30_000, maxDurationMs: 300_000, maxMessages: 0 },
  maxBodyBytes: undefined,
  successStatus: 200,
};

/** A route for any request message, without an RPC that would have to exist for it. */
export function routeFor({ input, verb = 'POST', body, variables = [], policy }: RouteShape): Route {
  const method = { upstream: 'kinds', service: 'kinds.v1.Service', name: 'Call', path: '/kinds.v1.Service/Call' };
  return {
    method: { ...method, kind: 'unary', idempotent: false, policy: { ...OPEN_POLICY, ...policy } },
    desc: { kind: 'rpc', name: 'Call', input } as DescMethod,
    verb,
    template: '/call',
    path: undefined as unknown as Route['path'],
    variables: variables.map((path) => variableOf(input, path)),
    body: body === undefined || body === '*' ? body : fieldOf(input, body),
    responseBody: undefined,
  };
}

function variableOf(input: DescMessage, fieldPath: string): PathVariable {
  const fields: DescField[] = [];
  let scope: DescMessage | undefined = input;
  for (const name of fieldPath.split('.')) {
    const field: DescField | undefined = scope && fieldOf(scope, name);
    if (field !== undefined) fields.push(field);
    scope = field?.message;
  }
  return { fieldPath, fields, multiSegment: false };
}

function fieldOf(message: DescMessage, name: string): DescField {
  const field = message.fields.find((each) => each.name === name);
  if (field === undefined) throw new Error(`${message.typeName} has no field ${name}`);
  return field;
}

/** A request as the edge hands it to the codec; a body that is no bytes is sent as JSON. */
export function requestInput(parts: Partial<Omit<RequestInput, 'body'>> & { readonly body?: unknown }): RequestInput {
  const { body, ...rest } = parts;
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const bytes = body instanceof Uint8Array ? body : text === undefined ? undefined : Buffer.from(text);
  return { query: '', path: [], tenantId: '', crossTenant: false, ...rest, body: bytes };
}
