import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { findUncoveredFields } from '../field-path.js';
import type { Route } from '../route.js';
import { isObject } from './exact-number.js';
import type { JsonNode, JsonObject } from './exact-number.js';
import { dotted } from './field-guard.js';
import type { MaskLimits } from './field-mask.js';
import type { Violations } from './violations.js';
import { isPlainMessage } from './mask-rule.js';

/**
 * Refuses updates that change a field which the client must not set without naming it: by another member of its oneof,
 * by a new list or map around it, or by a PUT without a mask, which clears the fields that it omits.
 */
export class ReplacementCheck {
  /** A guarded field that a replacement of the whole body clears; undefined when a mask keeps it. */
  private readonly cleared: string | undefined;

  private constructor(
    private readonly above: readonly DescField[],
    private readonly message: DescMessage | undefined,
    private readonly limits: MaskLimits,
    replacesAll: boolean,
  ) {
    if (replacesAll && message !== undefined) this.cleared = findCleared(above, message, limits);
  }

  /** Returns undefined for a route that creates or reads, and for one whose body has no guarded field. */
  static compile({ body, desc, verb }: Route, limits: MaskLimits, hasMask: boolean): ReplacementCheck | undefined {
    const isUpdate = verb === 'PATCH' || verb === 'PUT' || hasMask;
    if (!isUpdate || body === undefined) return undefined;
    const above = body === '*' ? [] : [body];
    const isGuarded = body === '*' ? limits.guard.holdsIn(desc.input) : limits.guard.holds(above);
    const message = body === '*' ? desc.input : isPlainMessage(body) ? body.message : undefined;
    return isGuarded ? new ReplacementCheck(above, message, limits, verb === 'PUT' && !hasMask) : undefined;
  }

  /**
   * Checks a body.
   * @param value the body, validated.
   */
  check(value: JsonNode, violations: Violations): void {
    if (this.cleared !== undefined) violations.add(`would clear "${this.cleared}", which may not be set by a client`);
    else if (this.message === undefined) violations.add(REPLACES);
    else if (isObject(value)) this.walk(this.message, value, this.above, violations);
  }

  private walk(message: DescMessage, value: JsonObject, above: readonly DescField[], violations: Violations): void {
    for (const key of Object.keys(value)) {
      const field = this.limits.checks.field(message, key);
      const member = value[key];
      if (field === undefined || member === null || member === undefined) continue;
      violations.enter(key);
      this.checkMember([...above, field], member, violations);
      violations.leave();
    }
  }

  private checkMember(fields: readonly DescField[], member: JsonNode, violations: Violations): void {
    const { guard } = this.limits;
    const field = fields.at(-1) as DescField;
    const rival = findGuardedRival(fields, guard);
    if (rival !== undefined) violations.add(`would clear "${rival.jsonName}", which may not be set by a client`);
    if (guard.covers(fields) || !guard.holds(fields)) return;
    if (!isPlainMessage(field)) violations.add(REPLACES);
    else if (isObject(member)) this.walk(field.message, member, fields, violations);
  }
}

const REPLACES = 'would replace fields in it that may not be set by a client';

/** Returns another member of the oneof of the last field that the client must not clear. */
export function findGuardedRival(fields: readonly DescField[], guard: MaskLimits['guard']): DescField | undefined {
  const field = fields.at(-1);
  return field?.oneof?.fields.find((other) => {
    const place = [...fields.slice(0, -1), other];
    return other !== field && (guard.covers(place) || guard.holds(place));
  });
}

function findCleared(above: readonly DescField[], message: DescMessage, limits: MaskLimits): string | undefined {
  const { guard, bound } = limits;
  const prefix = above.length === 0 ? '' : `${dotted(above)}.`;
  const isBound = (path: string): boolean => bound.has(prefix + path);
  const covered = [...bound].filter((path) => path.startsWith(prefix)).map((path) => path.slice(prefix.length));
  const ruled = findUncoveredFields(message, { matches: guard.isRuled, skips: () => false, covered });
  return [...guard.listedBelow(prefix), ...ruled].find((path) => !isBound(path));
}
