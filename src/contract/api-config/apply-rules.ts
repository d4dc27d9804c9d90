import { create, getExtension, hasExtension, type JsonObject, setExtension, toJson } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type FieldDescriptorProto,
  FieldOptionsSchema,
  type FileDescriptorSet,
  type MethodDescriptorProto,
  MethodOptions_IdempotencyLevel as Idempotency,
  MethodOptionsSchema,
} from '@bufbuild/protobuf/wkt';
import { field as fieldOption, FieldPolicySchema, policy, PolicySchema } from '../../gen/gateway/v1/policy_pb.js';
import { http } from '../../gen/google/api/annotations_pb.js';
import { HttpRuleSchema } from '../../gen/google/api/http_pb.js';
import type { ApiRule } from './api-rule.js';

/** A rule that has replaced an option of a proto. */
export interface AppliedRule {
  readonly rule: ApiRule;
  /** How the proto differs, as the end of a sentence; undefined when it states the same, or nothing. */
  readonly contradiction: string | undefined;
  /** True if the RPC of an `http` rule has a policy, in the file or in its proto. */
  readonly hasPolicy: boolean;
}

/** Elements that selectors can name, by full name. */
export interface Selectable {
  readonly methods: ReadonlyMap<string, MethodDescriptorProto>;
  readonly fields: ReadonlyMap<string, FieldDescriptorProto>;
}

/** Locations of the rules of an RPC, for messages about it. */
const locations = new WeakMap<MethodDescriptorProto, readonly string[]>();

/** Returns the lines of the rules of an RPC, as `api.yaml:12`; empty when only its proto has rules. */
export function ruleLocations(method: MethodDescriptorProto): readonly string[] {
  return locations.get(method) ?? [];
}

/** Lists the elements of a set that selectors can name. */
export function selectableIn(set: FileDescriptorSet): Selectable {
  const methods = new Map<string, MethodDescriptorProto>();
  const fields = new Map<string, FieldDescriptorProto>();
  const addFields = (prefix: string, message: DescriptorProto): void => {
    const name = join(prefix, message.name);
    for (const each of message.field) fields.set(`${name}.${each.name}`, each);
    for (const nested of message.nestedType) addFields(name, nested);
  };
  for (const file of set.file) {
    for (const service of file.service) {
      const name = join(file.package, service.name);
      for (const method of service.method) methods.set(`${name}.${method.name}`, method);
    }
    for (const message of file.messageType) addFields(file.package, message);
  }
  return { methods, fields };
}

/**
 * Writes rules into a set that is not linked yet, as options of its RPCs and fields, so that they are read like those
 * of a proto. A rule replaces the whole option. Returns the rules whose selectors are in the set.
 */
export function applyRules({ methods, fields }: Selectable, rules: readonly ApiRule[]): AppliedRule[] {
  const applied = rules.flatMap((rule): { rule: ApiRule; contradiction: string | undefined }[] => {
    const target = rule.kind === 'field' ? fields.get(rule.selector) : methods.get(rule.selector);
    return target === undefined ? [] : [{ rule, contradiction: apply(rule, { methods, fields }) }];
  });
  return applied.map((each) => ({ ...each, hasPolicy: hasPolicy(methods.get(each.rule.selector)) }));
}

function apply(rule: ApiRule, { methods, fields }: Selectable): string | undefined {
  if (rule.kind === 'field') return applyToField(rule, fields.get(rule.selector)!);
  const method = methods.get(rule.selector)!;
  const options = (method.options ??= create(MethodOptionsSchema));
  locations.set(method, [...ruleLocations(method), rule.location]);
  if (rule.kind === 'http') {
    const before = hasExtension(options, http) ? toJson(HttpRuleSchema, getExtension(options, http)) : undefined;
    setExtension(options, http, rule.value);
    return differences('google.api.http', before, toJson(HttpRuleSchema, rule.value));
  }
  const before = hasExtension(options, policy) ? toJson(PolicySchema, getExtension(options, policy)) : undefined;
  setExtension(options, policy, rule.value);
  const level = options.idempotencyLevel;
  options.idempotencyLevel = rule.idempotency ?? level;
  const isContrary = level !== Idempotency.IDEMPOTENCY_UNKNOWN && level !== options.idempotencyLevel;
  return isContrary
    ? `idempotency_level of the proto, which is ${Idempotency[level]}`
    : differences('(gateway.v1.policy)', before, toJson(PolicySchema, rule.value));
}

function applyToField(rule: ApiRule & { kind: 'field' }, field: FieldDescriptorProto): string | undefined {
  const options = (field.options ??= create(FieldOptionsSchema));
  const has = hasExtension(options, fieldOption);
  const before = has ? toJson(FieldPolicySchema, getExtension(options, fieldOption)) : undefined;
  setExtension(options, fieldOption, rule.value);
  return differences('(gateway.v1.field)', before, toJson(FieldPolicySchema, rule.value));
}

/** Lists the members in which two values of an option differ. */
function differences(option: string, before: unknown, after: unknown): string | undefined {
  if (before === undefined) return undefined;
  const [former, latter] = [before, after] as [JsonObject, JsonObject];
  const names = [...new Set([...Object.keys(former), ...Object.keys(latter)])].filter(
    (name) => name !== 'selector' && JSON.stringify(former[name]) !== JSON.stringify(latter[name]),
  );
  return names.length === 0 ? undefined : `${option} of the proto, which differs in ${names.join(', ')}`;
}

function hasPolicy(method: MethodDescriptorProto | undefined): boolean {
  return method?.options !== undefined && hasExtension(method.options, policy);
}

function join(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`;
}
