import { ScalarType } from '@bufbuild/protobuf';
import type { DescField } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence as Presence } from '@bufbuild/protobuf/wkt';
import type { RequestInput } from '../codec.js';
import { fieldRules } from '../field-rules.js';
import type { Route } from '../route.js';
import { ByteSink } from './byte-sink.js';
import { MAX_PAGE_SIZE } from './policy-rules.js';
import { parseQuery } from './query-string.js';
import type { Parameter } from './query-string.js';

const INTEGER = /^(?:0|[1-9]\d{0,8})$/;

/**
 * Encodes typical requests without a body, with strings and small integers from path and query, directly to bytes.
 * Returns undefined for every other request, including invalid ones, which the general codec then handles.
 */
export class FlatEncoder {
  private readonly sink = new ByteSink();
  private readonly variables: readonly DescField[];
  private readonly parameters = new Map<string, DescField>();
  private readonly tenant: DescField | undefined;
  /** Index of the path variable with the tenant; -1 for none. */
  private readonly tenantVariable: number;

  private constructor(route: Route) {
    const { policy } = route.method;
    const taken = new Set([policy.tenantField, ...policy.protectedFields, ...route.variables.map((v) => v.fieldPath)]);
    this.variables = route.variables.map((variable) => variable.fields[0] as DescField);
    this.tenant = route.desc.input.fields.find((field) => field.name === policy.tenantField);
    this.tenantVariable = route.variables.findIndex((variable) => variable.fieldPath === policy.tenantField);
    for (const field of route.desc.input.fields) {
      if (taken.has(field.name) || !isFlat(field) || fieldRules(field).outputOnly) continue;
      this.parameters.set(field.name, field).set(field.jsonName, field);
    }
  }

  /** Returns the encoder of a route; undefined when its path or tenant are not plain strings of the request itself. */
  static compile(route: Route): FlatEncoder | undefined {
    if (route.body !== undefined) return undefined;
    const { tenantField } = route.method.policy;
    const tenant = route.desc.input.fields.find((field) => field.name === tenantField);
    const isFlatTenant = tenantField === undefined || (tenant !== undefined && isFlatString(tenant));
    const isFlatPath = route.variables.every(({ fields }) => fields.length === 1 && isFlatString(fields[0]));
    const hasRequired = route.desc.input.fields.some((field) => mayLack(field, route));
    return isFlatTenant && isFlatPath && !hasRequired ? new FlatEncoder(route) : undefined;
  }

  encode(input: RequestInput): Uint8Array | undefined {
    this.sink.reset();
    const isEncoded = this.putTenant(input) && this.putPath(input.path) && this.putQuery(input.query);
    return isEncoded ? this.sink.take() : undefined;
  }

  private putTenant({ tenantId, crossTenant, path }: RequestInput): boolean {
    if (this.tenant === undefined || crossTenant || tenantId === '') return true;
    if (this.tenantVariable >= 0) return path[this.tenantVariable] === tenantId;
    this.sink.string(this.tenant.number, tenantId);
    return true;
  }

  private putPath(path: readonly string[]): boolean {
    for (const [index, field] of this.variables.entries()) {
      const text = path[index];
      if (text === undefined || !text.isWellFormed()) return false;
      this.putString(field, text);
    }
    return true;
  }

  private putQuery(query: string): boolean {
    if (query === '') return true;
    const parameters = parseQuery(query);
    for (const [index, parameter] of parameters.entries()) {
      const field = this.parameters.get(parameter.name);
      if (field === undefined || this.isGivenBefore(field, parameters, index)) return false;
      if (!this.putParameter(field, parameter.value)) return false;
    }
    return true;
  }

  private isGivenBefore(field: DescField, parameters: readonly Parameter[], index: number): boolean {
    for (let before = 0; before < index; before++) {
      if (this.parameters.get((parameters[before] as Parameter).name) === field) return true;
    }
    return false;
  }

  private putParameter(field: DescField, text: string): boolean {
    if (field.scalar === ScalarType.STRING) {
      this.putString(field, text);
      return true;
    }
    if (!INTEGER.test(text)) return false;
    const value = field.name === 'page_size' ? Math.min(Number(text), MAX_PAGE_SIZE) : Number(text);
    if (value !== 0 || !isImplicit(field)) this.sink.integer(field.number, value);
    return true;
  }

  private putString(field: DescField, text: string): void {
    if (text !== '' || !isImplicit(field)) this.sink.string(field.number, text);
  }
}

/** Returns whether a request may lack a required field. A path variable of one segment always sets its field. */
function mayLack(field: DescField, { variables }: Route): boolean {
  if (field.presence === Presence.LEGACY_REQUIRED) return true;
  return fieldRules(field).required && !variables.some((each) => each.fieldPath === field.name && !each.multiSegment);
}

function isFlat(field: DescField): boolean {
  const isInteger = field.fieldKind === 'scalar' && field.scalar === ScalarType.INT32;
  return isFlatString(field) || (isInteger && !isInChoice(field));
}

function isFlatString(field: DescField | undefined): boolean {
  return field?.fieldKind === 'scalar' && field.scalar === ScalarType.STRING && !isInChoice(field);
}

/**
 * Returns whether a field is in a oneof with others; an `optional` of proto3 is a oneof of one, which descriptors omit.
 */
function isInChoice(field: DescField): boolean {
  return field.oneof !== undefined;
}

function isImplicit(field: DescField): boolean {
  return field.presence === Presence.IMPLICIT;
}
