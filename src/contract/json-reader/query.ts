import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { fieldRules } from '../field-rules.js';
import type { Route } from '../route.js';
import { hasOwnJsonForm } from './check-well-known.js';
import type { JsonObject } from './exact-number.js';
import { dotted } from './field-guard.js';
import type { FieldGuard } from './field-guard.js';
import { Violations, listNames, NOT_YOURS } from './violations.js';
import { type IgnoredParameters, parseQuery } from './query-string.js';
import type { MessageChecks } from './message-checks.js';
import { QueryMasks } from './query-masks.js';
import { compileTarget, findKeyMistake, isRepeated, setTarget, showName, splitName } from './query-target.js';
import type { Bound, ParameterName, Refusal, Target } from './query-target.js';
import { findGuardedRival } from './replacement-check.js';

const NO_PARAMETERS = 'this route takes no query parameters';
/** Maximum depth of a parameter `a.b.c`: recursive messages have no other limit. */
const MAX_DEPTH = 32;
/** Maximum number of parameter names whose field is cached; others are looked up each time. */
const MAX_REMEMBERED = 200;

/** Binds the query parameters of one route to the fields that neither its path nor its body sets (google.api.http). */
export class QueryBinder {
  private readonly targets = new Map<string, Target>();
  private allowed: string | undefined;

  constructor(
    private readonly route: Route,
    private readonly checks: MessageChecks,
    private readonly guard: FieldGuard,
    private readonly isIgnored: IgnoredParameters | undefined,
  ) {}

  /**
   * Sets the fields in `root`. Throws GatewayError for an invalid query string; other mistakes are added to
   * `violations`.
   */
  bind(query: string, root: JsonObject, violations: Violations): QueryMasks {
    const given = new Set<string>();
    const masks = new QueryMasks();
    for (const { name, value } of parseQuery(query)) {
      if (violations.isFull) break;
      violations.atParameter(name);
      this.bindParameter(this.nameOf(name), value, { root, violations, given, masks });
    }
    violations.atParameter(undefined);
    return masks;
  }

  /** Returns the name of a parameter. Brackets may be part of the JSON name of a field. */
  private nameOf(name: string): ParameterName {
    const isField = name.includes('[') && this.findFields(name) !== undefined;
    return isField ? { field: name, key: undefined } : splitName(name);
  }

  private bindParameter(name: ParameterName, text: string, into: Bound): void {
    const { violations } = into;
    const target = this.resolve(name);
    if ('reason' in target) {
      if (target.isUnknown && this.isIgnored?.(name.field)) return;
      return refuse(target, violations);
    }
    if (target.fields.some((field) => fieldRules(field).outputOnly)) return;
    const mistake = findKeyMistake(target, name);
    if (mistake !== undefined) return refuse(mistake, violations);
    if (isRepeated(target, name.key, into.given)) return violations.add('given twice');
    setTarget(target, name.key ?? '', target.read(text, violations), into);
  }

  private resolve({ field: name }: ParameterName): Target | Refusal {
    const known = this.targets.get(name);
    if (known !== undefined) return known;
    const fields = this.route.body === '*' ? undefined : this.findFields(name);
    if (fields === undefined) return { reason: this.explainUnknown(), isUnknown: true };
    const reason = this.findReason(fields);
    if (reason !== undefined) return { reason, isUnknown: false };
    const target = compileTarget(fields, this.checks);
    if (target === undefined) return { reason: 'a message is not a query parameter', isUnknown: false };
    if (this.targets.size < MAX_REMEMBERED) this.targets.set(name, target);
    return target;
  }

  private findFields(name: string): readonly DescField[] | undefined {
    const fields: DescField[] = [];
    let scope: DescMessage | undefined = this.route.desc.input;
    for (const segment of name.split('.', MAX_DEPTH + 1)) {
      const field: DescField | undefined = scope && this.checks.field(scope, segment);
      if (field === undefined || fields.push(field) > MAX_DEPTH) return undefined;
      scope = field.fieldKind === 'message' && !hasOwnJsonForm(field.message) ? field.message : undefined;
    }
    return fields;
  }

  /** Returns why a parameter must not set a field that exists. */
  private findReason(fields: readonly DescField[]): string | undefined {
    const { body, variables, verb } = this.route;
    const path = dotted(fields);
    if (fields[0] === body) return 'comes from the body';
    if (variables.some((variable) => variable.fieldPath === path)) return 'comes from the path';
    if (this.guard.covers(fields)) return NOT_YOURS;
    const rival = verb === 'PATCH' || verb === 'PUT' ? findGuardedRival(fields, this.guard) : undefined;
    return rival && `would clear "${rival.jsonName}", which may not be set by a client`;
  }

  private explainUnknown(): string {
    if (this.route.body === '*') return NO_PARAMETERS;
    return `unknown parameter; allowed are ${(this.allowed ??= listNames(this.listAllowed()))}`;
  }

  /**
   * Lists parameters of the request message and of the messages in it, except the tenant, which comes from the
   * credential.
   */
  private listAllowed(): string[] {
    const { input } = this.route.desc;
    const inner = input.fields.flatMap((field) =>
      field.fieldKind === 'message' && !hasOwnJsonForm(field.message)
        ? field.message.fields.map((below) => [field, below])
        : [],
    );
    const paths: DescField[][] = [...input.fields.map((field) => [field]), ...inner];
    return paths.filter((path) => this.isAllowed(path)).map(showName);
  }

  private isAllowed(fields: readonly DescField[]): boolean {
    const isTenant = dotted(fields) === this.route.method.policy.tenantField;
    const isIgnored = fields.some((field) => fieldRules(field).outputOnly);
    return (
      !isTenant &&
      !isIgnored &&
      this.findReason(fields) === undefined &&
      compileTarget(fields, this.checks) !== undefined
    );
  }
}

/**
 * Refuses every parameter of a route without parameters, except ignored ones. Throws GatewayError UNKNOWN_FIELD or
 * INVALID_ARGUMENT.
 */
export function refuseParameters(query: string, isIgnored?: IgnoredParameters): void {
  const violations = new Violations();
  for (const { name } of parseQuery(query)) {
    if (isIgnored?.(name)) continue;
    violations.atParameter(name);
    violations.addUnknown(NO_PARAMETERS);
  }
  violations.throwIfAny();
}

function refuse(refusal: Refusal, violations: Violations): void {
  if (refusal.isUnknown) violations.addUnknown(refusal.reason);
  else violations.add(refusal.reason);
}
