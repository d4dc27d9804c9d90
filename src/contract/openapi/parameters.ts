import type { DescField } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import { isWholeValue } from '../json-reader/whole-value-codec.js';
import type { Route } from '../route.js';
import { exampleOfField } from './example.js';
import type { ExcludedFields } from './excluded-fields.js';
import type { JsonObject } from './json.js';
import type { MessageSchemas } from './message-schemas.js';
import type { OpenApiPath, PathParameter } from './path.js';
import { listQueryFields } from './query-fields.js';
import { scalarSchema } from './scalar-schema.js';

/**
 * Returns the request fields that neither body nor query may set: path variables, fields that the gateway sets, and
 * those that clients must not set.
 */
export function takenFields({ variables, method }: Route): ExcludedFields {
  const { tenantField, protectedFields } = method.policy;
  const bound = variables.map((variable) => variable.fieldPath);
  return [...bound, ...protectedFields, ...(tenantField === undefined ? [] : [tenantField])];
}

/** Returns the path and query parameters of a route. */
export function describeParameters(route: Route, { parameters }: OpenApiPath, schemas: MessageSchemas): JsonObject[] {
  return [
    ...parameters.map((parameter) => describePathParameter(parameter, route, schemas)),
    ...describeQuery(route, schemas),
  ];
}

function describePathParameter(parameter: PathParameter, route: Route, schemas: MessageSchemas): JsonObject {
  const { name, variable, isWhole, isMulti } = parameter;
  const field = variable?.fields.at(-1);
  const base = { name, in: 'path', required: true };
  if (field === undefined) return { ...base, description: 'Any segment.', schema: { type: 'string', minLength: 1 } };
  if (isMulti) return { ...base, ...describeRest(field, schemas) };
  const whole = describeValue(field, schemas);
  const takesSlashes = route.method.policy.encodedSlashes === true;
  if (isWhole) return { ...base, ...whole, schema: takesSlashes ? whole.schema : limitText(whole.schema) };
  return { ...base, description: `A part of \`${variable?.fieldPath}\`.`, schema: { type: 'string', minLength: 1 } };
}

/** Describes `**`. OpenAPI has no parameters with slashes, so clients must be told to leave them unencoded. */
function describeRest(field: DescField, schemas: MessageSchemas): JsonObject {
  const note = 'All the rest of the path; its slashes are sent as they are, and a `%2F` in it stays encoded.';
  const { description } = describeValue(field, schemas);
  const text = typeof description === 'string' ? `${description} ${note}` : note;
  return { description: text, schema: { type: 'string' }, 'x-multi-segment': true };
}

/**
 * Describes query parameters without examples, because tools send examples unchanged and optional parameters are better
 * omitted than invented.
 */
function describeQuery(route: Route, schemas: MessageSchemas): JsonObject[] {
  if (route.body === '*' || isWholeValue(route.desc.input)) return [];
  const body = route.body === undefined ? [] : [route.body.name];
  return listQueryFields(route.desc.input, [...takenFields(route), ...body]).map((fields) => {
    const field = fields.at(-1) as DescField;
    const name = fields.map((each) => schemas.nameOf(each)).join('.');
    const required = fields.every((each) => schemas.isDemanded(each)) ? { required: true } : {};
    return { name, in: 'query', ...required, ...describeSchema(field, schemas), ...QUERY_STYLES[field.fieldKind] };
  });
}

/** Lists repeat their parameter; the entries of maps are `labels[team]=a`. */
const QUERY_STYLES: Partial<Record<DescField['fieldKind'], JsonObject>> = {
  list: { style: 'form', explode: true },
  map: { style: 'deepObject', explode: true },
};

/** Returns description and schema of a parameter, which OpenAPI keeps beside each other. */
function describeSchema(field: DescField, schemas: MessageSchemas): JsonObject & { readonly schema: JsonObject } {
  const { description, deprecated, ...own } = schemas.ofField(field, 'request');
  // An omitted parameter is the null of a wrapper.
  const schema =
    field.fieldKind === 'message' && isWrapperDesc(field.message) ? scalarSchema(field.message.fields[0].scalar) : own;
  return {
    ...(description === undefined ? {} : { description }),
    ...(deprecated === undefined ? {} : { deprecated }),
    schema,
  };
}

/** Returns the same with an example. */
function describeValue(field: DescField, schemas: MessageSchemas): JsonObject & { readonly schema: JsonObject } {
  return { ...describeSchema(field, schemas), example: exampleOfField(field, schemas.view('request')) };
}

function limitText(schema: JsonObject): JsonObject {
  return schema.type === 'string' && schema.pattern === undefined ? { ...schema, pattern: '^[^/]+$' } : schema;
}
