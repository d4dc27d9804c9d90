import { ScalarType } from '@bufbuild/protobuf';
import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { GatewayError } from '../../domain/errors.js';
import type { RequestInput } from '../codec.js';
import { resolveFieldPath } from '../field-path.js';
import { isObject } from './exact-number.js';
import type { JsonNode, JsonObject } from './exact-number.js';
import { NOT_YOURS } from './violations.js';
import type { Violations } from './violations.js';
import { getField, getMember, setField } from './json-fields.js';

/** Maximum page size that is requested from a backend. */
export const MAX_PAGE_SIZE = 100;

/** Returns the fields of a path in a policy. Throws Error at boot for a path that does not exist. */
export function policyFields(message: DescMessage, path: string): readonly DescField[] {
  const fields = resolveFieldPath(message, path);
  if (typeof fields === 'string') throw new Error(`policy of a request ${message.typeName}: ${fields}`);
  return fields;
}

/** Ensures that the tenant of a request is the caller's own. */
export class TenantRule {
  constructor(
    private readonly path: string,
    private readonly fields: readonly DescField[],
  ) {}

  /** Throws GatewayError TENANT_MISMATCH for a caller who named another tenant without permission. */
  check(root: JsonObject, input: RequestInput): void {
    if (!this.isBound(input)) return;
    const value = getField(root, this.fields);
    if (typeof value !== 'string' || value === '' || value === input.tenantId) return;
    const detail = 'names another tenant than that of the caller';
    throw new GatewayError('TENANT_MISMATCH', `The field ${this.path} ${detail}.`, {
      errors: [{ field: this.path, detail }],
      decisionReason: 'TENANT_MISMATCH',
    });
  }

  fill(root: JsonObject, input: RequestInput, violations: Violations): void {
    if (this.isBound(input)) setField(root, this.fields, input.tenantId, violations);
  }

  private isBound(input: RequestInput): boolean {
    return !input.crossTenant && input.tenantId !== '';
  }
}

/** Adds a violation for each protected field that `value`, a message of the client, names, even as null. */
export function refuseProtected(
  value: JsonNode,
  paths: readonly (readonly DescField[])[],
  violations: Violations,
): void {
  for (const fields of paths) refusePath(value, fields, violations);
}

function refusePath(value: JsonNode, fields: readonly DescField[], violations: Violations): void {
  const [field, ...below] = fields;
  if (field === undefined) return violations.add(NOT_YOURS);
  const member = isObject(value) ? getMember(value, field) : undefined;
  if (!isObject(value) || member === undefined) return;
  violations.enter(Object.hasOwn(value, field.jsonName) ? field.jsonName : field.name);
  refusePath(member, below, violations);
  violations.leave();
}

/** Returns the field of a request that sets the number of results. */
export function findPageSize(message: DescMessage): DescField | undefined {
  return message.fields.find(
    (field) => field.name === 'page_size' && field.fieldKind === 'scalar' && field.scalar === ScalarType.INT32,
  );
}

/** Refuses a negative page size and caps a large one. */
export function limitPageSize(root: JsonObject, field: DescField, violations: Violations): void {
  const size = getMember(root, field);
  if (typeof size !== 'number') return;
  if (size < 0) violations.addAt(field.jsonName, `expected 0 or more, got the number ${size}`);
  else setField(root, [field], Math.min(size, MAX_PAGE_SIZE), violations);
}
