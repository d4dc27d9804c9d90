import { ScalarType } from '@bufbuild/protobuf';
import type { DescField, DescMessage, DescMethod } from '@bufbuild/protobuf';
import type { Policy } from '../domain/policy.js';
import { findUncoveredFields, isCollection, resolveFieldPath } from './field-path.js';
import { fieldRules } from './field-rules.js';

/** Names of fields that must not be sent to clients unless the policy says so. */
const SECRET_NAME = /password_hash|secret|token_hash/;

/** Finds mistakes in the fields that a policy names, and fields that it should name but does not. */
export function findFieldMistakes(method: DescMethod, policy: Policy): readonly string[] {
  return [
    ...findTenantFieldMistakes(method, policy),
    ...policy.rates.flatMap(({ key }) => (key === undefined ? [] : findRateKeyMistakes(method.input, key))),
    ...policy.protectedFields.flatMap((path) => checkRuledPath('protected_fields', method.input, path)),
    ...(policy.privileged?.fields ?? []).flatMap((path) => checkRuledPath('privileged_fields', method.input, path)),
    ...policy.redact.flatMap((path) => checkPath('redact', method.output, path)),
    ...(policy.reveal ?? []).flatMap((path) => checkPath('reveal', method.output, path)),
    ...policy.responseTenantFields.flatMap((path) => checkResponseTenantField(method.output, path, policy)),
    ...findUnguardedTenantFields(method.input, policy),
    ...findUnredactedSecrets(method.output, policy),
  ];
}

function checkPath(option: string, message: DescMessage, path: string): readonly string[] {
  const fields = resolveFieldPath(message, path);
  return typeof fields === 'string' ? [`${option} "${path}": ${fields}`] : [];
}

function checkRequestPath(option: string, message: DescMessage, path: string): readonly string[] {
  const fields = resolveFieldPath(message, path);
  if (typeof fields === 'string') return [`${option} "${path}": ${fields}`];
  const collection = fields.slice(0, -1).find(isCollection);
  if (collection === undefined) return [];
  return [`${option} "${path}": "${collection.name}" is repeated or a map; name "${collection.name}" itself`];
}

/**
 * Checks the path of a field with a rule. It is found in every element, so its path may lead through lists and maps.
 */
function checkRuledPath(option: string, message: DescMessage, path: string): readonly string[] {
  const fields = resolveFieldPath(message, path);
  const leaf = typeof fields === 'string' ? undefined : fields.at(-1);
  const rules = leaf && fieldRules(leaf);
  if (rules?.protected === true || rules?.privileged === true) return [];
  return checkRequestPath(option, message, path);
}

function findRateKeyMistakes(message: DescMessage, key: string): readonly string[] {
  const mistakes = checkRequestPath('rate.key', message, key);
  const fields = resolveFieldPath(message, key);
  if (mistakes.length > 0 || typeof fields === 'string' || isSingularString(fields.at(-1))) return mistakes;
  return [`rate.key "${key}" must be a singular string`];
}

function findTenantFieldMistakes(method: DescMethod, policy: Policy): readonly string[] {
  const path = policy.tenantField;
  if (path === undefined) return [];
  const mistakes = [...checkRequestPath('tenant_field', method.input, path)];
  if (policy.access === 'OPEN') mistakes.push('tenant_field needs a caller: an open RPC has no verified tenant');
  const fields = resolveFieldPath(method.input, path);
  if (typeof fields === 'string') return mistakes;
  if (!isSingularString(fields.at(-1))) mistakes.push(`tenant_field "${path}" must be a singular string`);
  if (fields.some((field) => field.oneof !== undefined)) {
    mistakes.push(`tenant_field "${path}" may not be part of a oneof: setting it would clear the others`);
  }
  return mistakes;
}

function checkResponseTenantField(message: DescMessage, path: string, policy: Policy): readonly string[] {
  const fields = resolveFieldPath(message, path);
  if (typeof fields === 'string') return [`response_tenant_fields "${path}": ${fields}`];
  const mistakes: string[] = [];
  if (!isSingularString(fields.at(-1))) mistakes.push(`response_tenant_fields "${path}" must end in a singular string`);
  if (policy.access === 'OPEN')
    mistakes.push('response_tenant_fields need a caller: an open RPC has no verified tenant');
  return mistakes;
}

/** Finds tenant fields that clients could set although the backend may trust them. */
function findUnguardedTenantFields(message: DescMessage, policy: Policy): readonly string[] {
  if (policy.access === 'OPEN' || policy.permissions.some((permission) => permission.endsWith(':all'))) return [];
  const covered = [...policy.protectedFields, ...(policy.tenantField === undefined ? [] : [policy.tenantField])];
  const paths = findUncoveredFields(message, {
    matches: (field) => field.name === 'tenant_id',
    skips: (field) => fieldRules(field).protected || fieldRules(field).outputOnly,
    covered,
  });
  return paths.map((path) => {
    const ways = `tenant_field: "${path}", protected_fields: "${path}" or a permission with the scope all`;
    return `a client could name another tenant in the request field "${path}": set ${ways}`;
  });
}

/** Finds secrets that are neither redacted nor declared public. */
function findUnredactedSecrets(message: DescMessage, policy: Policy): readonly string[] {
  const skips = (field: DescField) => fieldRules(field).redact;
  const paths = findUncoveredFields(message, {
    matches: isSecret,
    skips,
    covered: [...policy.redact, ...(policy.reveal ?? [])],
  });
  const ways = '(gateway.v1.field).redact on the field, or (gateway.v1.field).public when it is not a secret';
  return paths.map((path) => `the response field "${path}" looks like a secret: set redact: "${path}", or ${ways}`);
}

function isSecret(field: DescField): boolean {
  if (fieldRules(field).public) return false;
  const isHarmless = field.fieldKind === 'enum' || field.scalar === ScalarType.BOOL;
  return !isHarmless && SECRET_NAME.test(field.name);
}

function isSingularString(field: DescField | undefined): boolean {
  return field?.fieldKind === 'scalar' && field.scalar === ScalarType.STRING;
}
