import { GatewayError } from '../../domain/errors.js';
import type { FieldViolation } from '../../domain/errors.js';
import { ExactNumber } from './exact-number.js';
import type { JsonNode } from './exact-number.js';
import { BODY, formatParameter, formatPath, quote } from './json-path.js';

/** Most wrong places that one answer names. */
const MAX_VIOLATIONS = 20;

/** Why a field is refused that only the gateway, a backend or a privileged caller sets. */
export const NOT_YOURS = 'may not be set by a client';

/** What is wrong with one request, collected while it is read, and where the reader is. */
export class Violations {
  private readonly violations: FieldViolation[] = [];
  private readonly steps: (string | number)[] = [];
  private parameter = '';
  private firstIsUnknown = false;

  get isEmpty(): boolean {
    return this.violations.length === 0;
  }

  /** Enough was found: reading on would only cost time. */
  get isFull(): boolean {
    return this.violations.length >= MAX_VIOLATIONS;
  }

  enter(step: string | number): void {
    this.steps.push(step);
  }

  leave(): void {
    this.steps.pop();
  }

  /** The reader is at a query parameter or path variable; undefined takes it back to the body. */
  atParameter(name: string | undefined): void {
    this.parameter = name === undefined ? '' : formatParameter(name);
  }

  /** Something is wrong at the place where the reader is. */
  add(detail: string): void {
    this.addAt(this.parameter || formatPath(this.steps) || BODY, detail);
  }

  /** Something is wrong at another place. */
  addAt(field: string, detail: string): void {
    if (!this.isFull) this.violations.push({ field, detail });
  }

  addUnknown(detail: string): void {
    this.firstIsUnknown ||= this.isEmpty;
    this.add(detail);
  }

  /** Throws GatewayError INVALID_ARGUMENT, or UNKNOWN_FIELD when that is the first problem, if anything was found. */
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

/** A value of the client as error sentences show it: `the string "abc"`, `an array`. */
export function describe(value: JsonNode): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return `the string ${quote(value)}`;
  if (typeof value === 'number') return `the number ${value}`;
  if (typeof value === 'boolean') return `the boolean ${value}`;
  if (value instanceof ExactNumber) return `the number ${quote(value.source).slice(1, -1)}`;
  return kindOf(value);
}

/** The kind of a value alone, for fields whose values may be secrets. */
export function kindOf(value: JsonNode): string {
  if (value === null) return 'null';
  if (value instanceof ExactNumber) return 'a number';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** Up to 30 names for an error sentence, with the count of those left out. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, 30).join(', ');
  if (names.length === 0) return 'none';
  return names.length > 30 ? `${shown} and ${names.length - 30} more` : shown;
}
