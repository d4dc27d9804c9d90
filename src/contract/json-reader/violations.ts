import { GatewayError } from '../../domain/errors.js';
import type { FieldViolation } from '../../domain/errors.js';
import { ExactNumber } from './exact-number.js';
import type { JsonNode } from './exact-number.js';
import { BODY, formatParameter, formatPath, quote } from './json-path.js';

/** Maximum number of violations in one response. */
const MAX_VIOLATIONS = 20;

/** Reason for which a field is refused that only the gateway, a backend or a privileged caller may set. */
export const NOT_YOURS = 'may not be set by a client';

/** Violations of one request, collected while it is read, and the current position of the reader. */
export class Violations {
  private readonly violations: FieldViolation[] = [];
  private readonly steps: (string | number)[] = [];
  private parameter = '';
  private firstIsUnknown = false;

  get isEmpty(): boolean {
    return this.violations.length === 0;
  }

  /** Returns whether enough violations were found to stop reading. */
  get isFull(): boolean {
    return this.violations.length >= MAX_VIOLATIONS;
  }

  enter(step: string | number): void {
    this.steps.push(step);
  }

  leave(): void {
    this.steps.pop();
  }

  /** Moves the position to a query parameter or path variable; undefined moves it back to the body. */
  atParameter(name: string | undefined): void {
    this.parameter = name === undefined ? '' : formatParameter(name);
  }

  /** Adds a violation at the current position. */
  add(detail: string): void {
    this.addAt(this.parameter || formatPath(this.steps) || BODY, detail);
  }

  /** Adds a violation at another position. */
  addAt(field: string, detail: string): void {
    if (!this.isFull) this.violations.push({ field, detail });
  }

  addUnknown(detail: string): void {
    this.firstIsUnknown ||= this.isEmpty;
    this.add(detail);
  }

  /**
   * Throws GatewayError INVALID_ARGUMENT if there is any violation, or UNKNOWN_FIELD when the first one is an unknown
   * field.
   */
  throwIfAny(): void {
    const [first, ...others] = this.violations;
    if (first === undefined) return;
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    throw new GatewayError(
      this.firstIsUnknown ? 'UNKNOWN_FIELD' : 'INVALID_ARGUMENT',
      `The request is not valid: ${first.field}: ${first.detail}${more}.`,
      { errors: this.violations },
    );
  }
}

/** Describes a value of the client for error messages: `the string "abc"`, `an array`. */
export function describe(value: JsonNode): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `the string ${quote(value)}`;
  if (typeof value === 'number') return `the number ${value}`;
  if (typeof value === 'boolean') return `the boolean ${value}`;
  if (value instanceof ExactNumber) return `the number ${quote(value.source).slice(1, -1)}`;
  return kindOf(value);
}

/** Returns only the kind of a value, for fields whose values may be secrets. */
export function kindOf(value: JsonNode): string {
  if (value === null) return 'null';
  if (value instanceof ExactNumber) return 'a number';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Lists up to 30 names for an error message, with the number of omitted ones. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 30).join(', ');
  if (names.length === 0) return 'none';
  return names.length > 30 ? `${shown} and ${names.length - 30} more` : shown;
}
