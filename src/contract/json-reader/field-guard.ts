import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { fieldRules, listFields } from '../field-rules.js';

/**
 * Decides which fields of a request a client must not set: those of a list of paths, and those whose own options say
 * so.
 */
export class FieldGuard {
  private readonly holding = new Map<DescMessage, boolean>();

  /** @param paths dotted proto names from the request message down. */
  constructor(
    private readonly paths: readonly string[],
    readonly isRuled: (field: DescField) => boolean,
  ) {}

  /** Returns whether the field at the end of a path, or one on the way to it, is guarded. */
  covers(fields: readonly DescField[]): boolean {
    return fields.some((field) => this.isRuled(field)) || this.isListed(dotted(fields));
  }

  /**
   * Returns whether a field below the end of a path is guarded. Replacing or clearing the message would clear that
   * field, too.
   */
  holds(fields: readonly DescField[]): boolean {
    const path = `${dotted(fields)}.`;
    const message = fields.at(-1)?.message;
    return this.paths.some((each) => each.startsWith(path)) || (message !== undefined && this.reaches(message));
  }

  /** Returns whether a field in the request message is guarded. */
  holdsIn(message: DescMessage): boolean {
    return this.paths.length > 0 || this.reaches(message);
  }

  /** Returns the listed paths that begin with a prefix, without the prefix. */
  listedBelow(prefix: string): readonly string[] {
    return this.paths.filter((each) => each.startsWith(prefix)).map((each) => each.slice(prefix.length));
  }

  private isListed(path: string): boolean {
    return this.paths.some((each) => `${path}.`.startsWith(`${each}.`));
  }

  private reaches(message: DescMessage): boolean {
    let reaches = this.holding.get(message);
    if (reaches === undefined) {
      reaches = listFields(message).some(({ field }) => this.isRuled(field));
      this.holding.set(message, reaches);
    }
    return reaches;
  }
}

/** Returns a predicate for fields that clients must not set; privileged ones too for callers without the privilege. */
export function guardedRule(withheld: boolean): (field: DescField) => boolean {
  return withheld ? isRestricted : isProtected;
}

/** Returns whether setting a field requires a privilege. */
export function isPrivileged(field: DescField): boolean {
  return fieldRules(field).privileged;
}

function isProtected(field: DescField): boolean {
  return fieldRules(field).protected;
}

function isRestricted(field: DescField): boolean {
  return isProtected(field) || isPrivileged(field);
}

/** Returns the path of fields in the notation of a policy. */
export function dotted(fields: readonly DescField[]): string {
  return fields.map((field) => field.name).join('.');
}
