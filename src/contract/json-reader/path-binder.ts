import { equals, fromJson } from '@bufbuild/protobuf';
import type { DescField, JsonValue, Message } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import type { PathVariable, Route } from '../route.js';
import type { JsonNode, JsonObject } from './exact-number.js';
import type { FieldGuard } from './field-guard.js';
import { NOT_YOURS } from './violations.js';
import type { Violations } from './violations.js';
import { getField, setField } from './json-fields.js';
import type { MessageChecks } from './message-checks.js';
import { compileTextReader } from './text-value.js';
import type { TextReader } from './text-value.js';

interface Slot {
  readonly variable: PathVariable;
  readonly read: TextReader;
  /** True if the caller lacks the privilege to set the field. */
  readonly isWithheld: boolean;
}

/** Binds the path variables of one route. A body with another value contradicts its path. */
export class PathBinder {
  private readonly slots: readonly Slot[];

  /**
   * Throws Error at boot for a variable that text cannot set.
   * @param withheld fields that require a privilege which the caller lacks.
   */
  constructor(route: Route, checks: MessageChecks, withheld: FieldGuard | undefined) {
    this.slots = route.variables.map((variable) => {
      const last = variable.fields.at(-1);
      const read = last && compileTextReader(last, checks.ofElement(last));
      if (read === undefined)
        throw new Error(`the path variable ${variable.fieldPath} of ${route.template} is no scalar`);
      return { variable, read, isWithheld: withheld?.covers(variable.fields) === true };
    });
  }

  /** Returns whether each request of the route sets a field that the caller must not set. */
  get isRefused(): boolean {
    return this.slots.some(({ isWithheld }) => isWithheld);
  }

  bind(path: readonly string[], root: JsonObject, violations: Violations): void {
    for (const [index, { variable, read, isWithheld }] of this.slots.entries()) {
      const text = path[index] ?? '';
      violations.atParameter(variable.fieldPath);
      if (!text.isWellFormed()) violations.add('is not valid UTF-8');
      else if (isWithheld) violations.add(NOT_YOURS);
      else bindValue(root, variable.fields, read(text, violations), violations);
    }
    violations.atParameter(undefined);
  }
}

function bindValue(root: JsonObject, fields: readonly DescField[], value: JsonNode, violations: Violations): void {
  const leaf = fields.at(-1);
  const given = getField(root, fields);
  if (leaf !== undefined && given !== undefined && contradicts(leaf, given, value)) {
    violations.add('the body holds another value than the path');
  }
  setField(root, fields, value, violations);
}

/**
 * Returns whether two values differ as messages: `7`, `"7"` and an enum by name or number are equal, and a default
 * counts as absent.
 */
function contradicts(leaf: DescField, given: JsonNode, value: JsonNode): boolean {
  const read = (json: JsonNode): Message | undefined => {
    try {
      return fromJson(leaf.parent, { [leaf.jsonName]: json } as JsonObject as JsonValue);
    } catch {
      return undefined;
    }
  };
  const [inBody, inPath] = [read(given), read(value)];
  // A value that cannot be read has a violation already.
  if (inBody === undefined || inPath === undefined) return false;
  const isGiven = reflect(leaf.parent, inBody).isSet(leaf);
  return isGiven && !equals(leaf.parent, inBody, inPath);
}
