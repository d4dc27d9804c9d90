import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { isObject } from './exact-number.js';
import type { JsonNode, JsonObject } from './exact-number.js';
import { fieldRules } from '../field-rules.js';
import { dotted } from './field-guard.js';
import type { FieldGuard } from './field-guard.js';
import { listNames } from './violations.js';
import type { Violations } from './violations.js';
import { getField, getMember } from './json-fields.js';
import { quote } from './json-path.js';
import { resolveMaskPath } from './mask-path.js';
import { isPlainMessage } from './mask-rule.js';
import type { MaskRule, MaskScope } from './mask-rule.js';
import type { MessageChecks } from './message-checks.js';

const MUST_NAME = 'must name the fields to change';
const IMMUTABLE = 'is immutable: it is set when its resource is created, and never changed';

/** Rules for the fields that the masks of a route may name. */
export interface MaskLimits {
  readonly checks: MessageChecks;
  /** Fields that the client must not set. */
  readonly guard: FieldGuard;
  /** Those of them that require a privilege: a change of everything is then refused instead of narrowed. */
  readonly withheld: FieldGuard | undefined;
  /** Dotted paths of fields that are set by the path of the request or by the gateway itself. */
  readonly bound: ReadonlySet<string>;
}

/** Makes and checks the masks of one route. A mask never covers a field that the client must not set, named or not. */
export class MaskBuilder {
  constructor(
    readonly rule: MaskRule,
    private readonly limits: MaskLimits,
  ) {}

  /** Returns paths in proto names for the mask of a checked request; undefined to leave the mask unchanged. */
  build(root: JsonObject, violations: Violations): readonly string[] | undefined {
    const given = getMember(root, this.rule.field);
    if (typeof given === 'string' && given !== '') return this.readGiven(given, root, violations);
    const { byDefault } = this.rule;
    const isGuarded = this.rule.scopes.some((scope) => holdsIn(this.limits.guard, scope));
    if (byDefault === 'none' || (byDefault !== 'body' && !isGuarded)) return undefined;
    return byDefault === 'all' ? this.nameAll(root, violations) : this.nameGiven(root, isGuarded, violations);
  }

  /** Returns the fields that the body names (AIP-134). */
  private nameGiven(root: JsonObject, isGuarded: boolean, violations: Violations): readonly string[] | undefined {
    const [scope, ...others] = this.rule.scopes;
    if (scope === undefined || others.length > 0) return isGuarded ? this.refuse(violations) : undefined;
    const paths: string[] = [];
    this.collect(
      scope.message,
      getField(root, scope.fields) ?? null,
      { fields: scope.fields, scope, paths },
      violations,
    );
    if (paths.length === 0) violations.add('expected at least one field to change');
    return paths;
  }

  /** Collects paths. Objects that stand for messages are descended into; everything else is one path. */
  private collect(message: DescMessage, value: JsonNode, into: Collection, violations: Violations): void {
    if (!isObject(value)) return;
    for (const key of Object.keys(value)) {
      const field = this.limits.checks.field(message, key);
      if (field === undefined || this.isApart([...into.fields, field])) continue;
      const fields = [...into.fields, field];
      const member = value[key] as JsonNode;
      const hasMembers = isObject(member) && Object.keys(member).length > 0;
      if (isPlainMessage(field) && hasMembers) this.collect(field.message, member, { ...into, fields }, violations);
      else if (this.limits.guard.holds(fields)) violations.addAt(jsonPath(fields, into.scope), wouldClear());
      else if (isImmutable(fields)) violations.addAt(jsonPath(fields, into.scope), IMMUTABLE);
      else into.paths.push(relative(fields, into.scope));
    }
  }

  /** Returns every field that the client may set, so that the others keep their value. */
  private nameAll(root: JsonObject, violations: Violations): readonly string[] | undefined {
    const [scope, ...others] = this.rule.scopes;
    const { withheld } = this.limits;
    if (scope === undefined || others.length > 0 || (withheld && holdsIn(withheld, scope)))
      return this.refuse(violations);
    const paths: string[] = [];
    const expand = (message: DescMessage, above: readonly DescField[], enclosing: readonly DescMessage[]): void => {
      for (const field of message.fields) {
        const fields = [...above, field];
        if (this.isApart(fields) || this.limits.guard.covers(fields) || isKept(field)) continue;
        if (!this.limits.guard.holds(fields)) paths.push(relative(fields, scope));
        else if (isPlainMessage(field) && !enclosing.includes(field.message)) {
          expand(field.message, fields, [...enclosing, field.message]);
        } else if ((getField(root, fields) ?? null) !== null) violations.addAt(jsonPath(fields, scope), wouldClear());
      }
    };
    expand(scope.message, scope.fields, [scope.message]);
    return paths;
  }

  private readGiven(given: string, root: JsonObject, violations: Violations): readonly string[] | undefined {
    violations.enter(this.rule.field.jsonName);
    const paths = given.split(',');
    const isAll = paths.includes('*') && this.rule.scopes.some((scope) => holdsIn(this.limits.guard, scope));
    const resolved = paths.flatMap((path) => (path === '*' ? path : (this.resolve(path, violations) ?? [])));
    // An empty mask would change everything.
    if (resolved.length === 0) violations.add('names nothing that a request can change');
    violations.leave();
    return isAll ? this.nameAll(root, violations) : resolved;
  }

  /**
   * Resolves a path of a mask. A mask must not cover a field that the client must not set, because naming it alone
   * would clear it. Returns undefined for an ignored path, which leads to an OUTPUT_ONLY field (AIP-203).
   */
  private resolve(path: string, violations: Violations): string | undefined {
    const { checks, guard } = this.limits;
    const found = this.rule.scopes.flatMap((scope) => resolveMaskPath(scope, path, checks) ?? []);
    const [first] = found;
    if (first === undefined) {
      const names = listNames(this.rule.scopes.map(({ message }) => message.name));
      violations.add(`${quote(path)} is no field of ${names}`);
    } else if (found.some(({ fields }) => guard.covers(fields))) {
      violations.add(`${quote(path)} may not be set by a client`);
    } else if (found.some(({ fields }) => guard.holds(fields))) {
      violations.add(`${quote(path)} holds a field that may not be set by a client: name the others in it`);
    } else if (first.fields.some((field) => fieldRules(field).outputOnly)) {
      return undefined;
    } else if (isImmutable(first.fields)) {
      violations.add(`${quote(path)} ${IMMUTABLE}`);
    }
    return first?.path ?? path;
  }

  /** Returns whether a field is the mask itself, or is not set by the body. */
  private isApart(fields: readonly DescField[]): boolean {
    return fields[0] === this.rule.field || this.limits.bound.has(dotted(fields));
  }

  private refuse(violations: Violations): undefined {
    violations.addAt(this.rule.field.jsonName, MUST_NAME);
  }
}

interface Collection {
  readonly fields: readonly DescField[];
  readonly scope: MaskScope;
  readonly paths: string[];
}

function holdsIn(guard: FieldGuard, { fields, message }: MaskScope): boolean {
  return fields.length === 0 ? guard.holdsIn(message) : guard.holds(fields);
}

/** Returns whether a path leads through an IMMUTABLE field (AIP-203), which applies to everything in it. */
function isImmutable(fields: readonly DescField[]): boolean {
  return fields.some((field) => fieldRules(field).immutable);
}

/** Returns whether a field is kept when everything else is replaced, because no update may change it. */
function isKept(field: DescField): boolean {
  const { immutable, outputOnly } = fieldRules(field);
  return immutable || outputOnly;
}

function relative(fields: readonly DescField[], scope: MaskScope): string {
  return dotted(fields.slice(scope.fields.length));
}

function jsonPath(fields: readonly DescField[], scope: MaskScope): string {
  return fields
    .slice(scope.fields.length)
    .map((field) => field.jsonName)
    .join('.');
}

function wouldClear(): string {
  return 'would clear a field in it that may not be set by a client';
}
