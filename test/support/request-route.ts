import { readFileSync } from 'node:fs';
import { createFileRegistry, fromBinary, toJson } from '@bufbuild/protobuf';
import type { DescField, DescMessage, DescMethod, DescService, FileRegistry, JsonValue } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { RequestInput } from '../../src/contract/codec.js';
import { compileRequestCodec } from '../../src/contract/json-reader/request-codec.js';
import { readService } from '../../src/contract/route-table.js';
import type { PathVariable, Route } from '../../src/contract/route.js';
import { GatewayError } from '../../src/domain/errors.js';
import { policyOf, type Policy } from '../../src/domain/policy.js';

/** Types of the test protos: a message with every kind of field, and proto2's own shapes. */
export const kindsRegistry: FileRegistry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, readFileSync(new URL('../gen/descriptors.binpb', import.meta.url))),
);

/** Limits as the gateway has them by default. */
export const CODEC_OPTIONS = { registry: kindsRegistry, maxDepth: 64, maxKeys: 1000 } as const;

/** A message of the test protos: `kinds.v1.Scalars`. */
export function kindsMessage(name: string): DescMessage {
  const desc = kindsRegistry.getMessage(`kinds.v1.${name}`);
  if (desc === undefined) throw new Error(`no message kinds.v1.${name}`);
  return desc;
}

export interface RouteShape {
  readonly input: DescMessage;
  readonly verb?: string;
  /** `*`, or the proto name of a field. */
  readonly body?: string;
  /** Dotted proto names. */
  readonly variables?: readonly string[];
  readonly policy?: Partial<Policy>;
}

/** A route for any request message, without an RPC that would have to exist for it. */
export function routeFor({ input, verb = 'POST', body, variables = [], policy }: RouteShape): Route {
  const method = { upstream: 'kinds', service: 'kinds.v1.Service', name: 'Call', path: '/kinds.v1.Service/Call' };
  return {
    method: { ...method, kind: 'unary', idempotent: false, readOnly: false, policy: policyOf('OPEN', policy) },
    desc: { kind: 'rpc', name: 'Call', input } as DescMethod,
    verb,
    template: '/call',
    path: undefined as unknown as Route['path'],
    variables: variables.map((path) => variableOf(input, path)),
    body: body === undefined || body === '*' ? body : fieldOf(input, body),
    responseBody: undefined,
  };
}

/** The route of an RPC, as annotated in its proto. */
export function routeOf(service: DescService, name: string, verb?: string): Route {
  const route = readService(service).routes.find(
    (each) => each.method.name === name && (verb === undefined || each.verb === verb),
  );
  if (route === undefined) throw new Error(`no route for ${name}`);
  return route;
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

/** A request as the edge hands it to the codec; a body other than bytes is sent as JSON. */
export function requestInput(parts: Partial<Omit<RequestInput, 'body'>> & { readonly body?: unknown }): RequestInput {
  const { body, ...rest } = parts;
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const bytes = body instanceof Uint8Array ? body : text === undefined ? undefined : Buffer.from(text);
  return { query: '', path: [], tenantId: '', crossTenant: false, privileged: true, ...rest, body: bytes };
}

/** The error that a refused request ends in; whatever is accepted fails the test. */
export function refusalOf(attempt: () => unknown): GatewayError {
  let accepted: unknown;
  try {
    accepted = attempt();
  } catch (error) {
    if (error instanceof GatewayError) return error;
    throw error;
  }
  throw new Error(`accepted as ${JSON.stringify(accepted)}`);
}

/** Decodes a request on a route. Returns the message in canonical JSON. */
export function readRequest(route: Route, request: Parameters<typeof requestInput>[0]): JsonValue {
  const bytes = compileRequestCodec(route, CODEC_OPTIONS).encode(requestInput(request));
  return toJson(route.desc.input, fromBinary(route.desc.input, bytes), { registry: kindsRegistry });
}

/** Decodes the JSON of a message of the test protos. Returns it in canonical JSON. */
export function readKinds(message: string, body: string): JsonValue {
  return readRequest(routeFor({ input: kindsMessage(message), body: '*' }), { body });
}
