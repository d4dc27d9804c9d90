import { getExtension } from '@bufbuild/protobuf';
import type { DescExtension, DescField, DescMessage } from '@bufbuild/protobuf';
import type { FieldDescriptorProto } from '@bufbuild/protobuf/wkt';
import { field as fieldOption } from '../gen/gateway/v1/policy_pb.js';
import { field_behavior, FieldBehavior } from '../gen/google/api/field_behavior_pb.js';

/**
 * Rules that the options of a field set: (gateway.v1.field), debug_redact and google.api.field_behavior. They hold in
 * every RPC.
 */
export interface FieldRules {
  /** Never sent to clients: by its own option, or because it is INPUT_ONLY. */
  readonly redact: boolean;
  /** May not be set by a client. */
  readonly protected: boolean;
  /** May be set only with the privileged permission of the RPC. */
  readonly privileged: boolean;
  /** Sent to clients on purpose although its name looks like that of a secret. */
  readonly public: boolean;
  /** Required in requests (REQUIRED of AIP-203). */
  readonly required: boolean;
  /** Ignored in requests (OUTPUT_ONLY of AIP-203). */
  readonly outputOnly: boolean;
  /** Omitted from responses (INPUT_ONLY of AIP-203). */
  readonly inputOnly: boolean;
  /** Must not be named by an update mask (IMMUTABLE of AIP-203). */
  readonly immutable: boolean;
}

const NONE: FieldRules = Object.freeze({
  redact: false,
  protected: false,
  privileged: false,
  public: false,
  required: false,
  outputOnly: false,
  inputOnly: false,
  immutable: false,
});

/** Cache of rules: descriptors never change, and options would be decoded on each read. */
const known = new WeakMap<FieldDescriptorProto, FieldRules>();

/** Returns the rules of a field or an extension. */
export function fieldRules({ proto }: DescField | DescExtension): FieldRules {
  return rulesOf(proto);
}

/** Returns the rules of a field in a descriptor that is not linked yet. */
export function rulesOf(proto: FieldDescriptorProto): FieldRules {
  if (proto.options === undefined) return NONE;
  let rules = known.get(proto);
  if (rules === undefined) known.set(proto, (rules = readRules(proto.options)));
  return rules;
}

function readRules(options: NonNullable<FieldDescriptorProto['options']>): FieldRules {
  const { redact, protected: isProtected, privileged, public: isPublic } = getExtension(options, fieldOption);
  const behaviors = getExtension(options, field_behavior);
  const inputOnly = behaviors.includes(FieldBehavior.INPUT_ONLY);
  const outputOnly = behaviors.includes(FieldBehavior.OUTPUT_ONLY);
  return {
    redact: redact || inputOnly || (options.debugRedact && !isPublic),
    protected: isProtected,
    privileged,
    public: isPublic,
    required: behaviors.includes(FieldBehavior.REQUIRED) && !outputOnly,
    outputOnly,
    inputOnly,
    immutable: behaviors.includes(FieldBehavior.IMMUTABLE),
  };
}

/** A field with the first path that leads to it: dotted proto names through lists and maps. */
export interface FoundField {
  readonly field: DescField;
  readonly path: string;
}

/**
 * Lists every field that a message can contain, once per message type, by the shortest path to it.
 * @param isClosed returns true for fields whose content is not searched.
 */
export function listFields(message: DescMessage, isClosed: (place: FoundField) => boolean = () => false): FoundField[] {
  const found: FoundField[] = [];
  const prefixes = new Map([[message, '']]);
  for (const [scope, prefix] of prefixes) {
    for (const field of scope.fields) {
      const place = { field, path: prefix + field.name };
      found.push(place);
      const inner = field.message;
      if (inner !== undefined && !prefixes.has(inner) && !isClosed(place)) prefixes.set(inner, `${place.path}.`);
    }
  }
  return found;
}

/** Returns the paths of a policy, and one to each further field with a rule of its own that they do not cover. */
export function withRuledFields(
  paths: readonly string[],
  message: DescMessage,
  hasRule: (field: DescField) => boolean,
  isCovered: (place: FoundField) => boolean = () => false,
): readonly string[] {
  const isClosed = (place: FoundField): boolean => hasRule(place.field) || isCovered(place);
  const found = listFields(message, isClosed).filter((place) => hasRule(place.field) && !isCovered(place));
  return [...new Set([...paths, ...found.map(({ path }) => path)])];
}

/** Returns a predicate for the fields that paths name, with everything below them. */
export function coveredBy(paths: readonly string[]): (place: FoundField) => boolean {
  return ({ path }) => paths.some((each) => `${path}.`.startsWith(`${each}.`));
}
