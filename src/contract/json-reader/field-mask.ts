import type { DescField, DescMessage } from '@bufbuild/protobuf';
import type { Policy } from '../../domain/policy.js';
import type { Route } from '../route.js';
import { hasOwnJsonForm } from './check-well-known.js';
import { isObject } from './exact-number.js';
import type { JsonNode, JsonObject } from './exact-number.js';
import type { Findings } from './findings.js';
import { getMember } from './json-fields.js';
import type { MessageChecks } from './message-checks.js';
import { quote } from './json-path.js';

/** `update_mask` of a request and the message that its paths speak of. */
export interface MaskRule {
  readonly field: DescField & { fieldKind: 'message' };
  readonly target: DescField & { fieldKind: 'message' };
  /** A PATCH without a mask changes what its body names (row B-9); a PUT replaces all. */
  readonly isBuilt: boolean;
}

/** The mask rule of a route, if its request has an `update_mask` that speaks of one known message. */
export function findMaskRule(route: Route): MaskRule | undefined {
  const { fields } = route.desc.input;
  const field = fields.find((each) => each.name === 'update_mask');
  const messages = fields.filter(isPlainMessage);
  const { body } = route;
  const target = body === '*' || body === undefined ? messages[0] : body;
  if (field?.fieldKind !== 'message' || field.message.typeName !== 'google.protobuf.FieldMask') return undefined;
  if (target === undefined || !isPlainMessage(target) || (target !== body && messages.length > 1)) return undefined;
  return { field, target, isBuilt: target === body && route.verb === 'PATCH' };
}

function isPlainMessage(field: DescField): field is DescField & { fieldKind: 'message' } {
  return field.fieldKind === 'message' && !hasOwnJsonForm(field.message);
}

/** Makes and checks the masks of one route. */
export class MaskBuilder {
  constructor(
    readonly rule: MaskRule,
    private readonly checks: MessageChecks,
    private readonly policy: Pick<Policy, 'protectedFields' | 'privileged'>,
  ) {}

  /** The caller lacks the privilege for a field of the target, so a change of all fields is one too many. */
  private get withholdsFields(): boolean {
    const { privileged, protectedFields } = this.policy;
    return privileged?.fields.some((path) => protectedFields.includes(path)) ?? false;
  }

  /** Paths in proto names, for the mask of a checked request; undefined to leave the mask unset. */
  build(root: JsonObject, findings: Findings): readonly string[] | undefined {
    const given = getMember(root, this.rule.field);
    if (typeof given === 'string' && given !== '') return this.readGiven(given, findings);
    if (!this.rule.isBuilt) {
      if (this.withholdsFields) findings.addAt(this.rule.field.jsonName, 'must name the fields to change');
      return undefined;
    }
    const paths: string[] = [];
    this.collect(this.rule.target.message, getMember(root, this.rule.target) ?? null, { prefix: '', paths });
    if (paths.length === 0) findings.add('expected at least one field to change');
    return paths;
  }

  /** Objects of messages are gone into; everything else is one path. */
  private collect(message: DescMessage, value: JsonNode, into: { prefix: string; paths: string[] }): void {
    if (!isObject(value)) return;
    for (const key of Object.keys(value)) {
      const field = this.checks.field(message, key);
      if (field === undefined) continue;
      const path = into.prefix + field.name;
      const member = value[key] as JsonNode;
      const hasMembers = isObject(member) && Object.keys(member).length > 0;
      if (!isPlainMessage(field) || !hasMembers) into.paths.push(path);
      else this.collect(field.message, member, { prefix: `${path}.`, paths: into.paths });
    }
  }

  private readGiven(given: string, findings: Findings): readonly string[] {
    findings.enter(this.rule.field.jsonName);
    const paths = given.split(',').map((path) => this.resolve(path, findings));
    findings.leave();
    return paths;
  }

  /** A mask may not reach a protected field either: naming it alone would clear it. */
  private resolve(path: string, findings: Findings): string {
    if (path === '*') {
      if (this.withholdsFields) findings.add('must name the fields to change');
      return path;
    }
    const resolved = this.toProtoNames(path);
    if (resolved === undefined) findings.add(`${quote(path)} is no field of ${this.rule.target.message.name}`);
    else if (this.isProtected(resolved)) findings.add(`${quote(path)} may not be set by a client`);
    return resolved ?? path;
  }

  private toProtoNames(path: string): string | undefined {
    const names: string[] = [];
    let scope: DescMessage | 'any' | undefined = this.rule.target.message;
    for (const segment of path.split('.')) {
      const field: DescField | undefined = typeof scope === 'object' ? this.checks.field(scope, segment) : undefined;
      if (scope !== 'any' && field === undefined) return undefined;
      names.push(field?.name ?? segment);
      if (field !== undefined) scope = scopeBelow(field);
    }
    return names.join('.');
  }

  private isProtected(path: string): boolean {
    const full = `${this.rule.target.name}.${path}.`;
    return this.policy.protectedFields.some((each) => full.startsWith(`${each}.`) || `${each}.`.startsWith(full));
  }
}

/** What a path may name below a field: fields of its message, any key of a map or Struct, nothing. */
function scopeBelow(field: DescField): DescMessage | 'any' | undefined {
  if (isPlainMessage(field)) return field.message;
  return field.fieldKind === 'map' || field.message?.typeName === 'google.protobuf.Struct' ? 'any' : undefined;
}
