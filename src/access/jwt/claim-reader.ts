import type { ClaimPath } from '../../config/claim-path.js';

/** Verified claims of a token. */
export type TokenClaims = Readonly<Record<string, unknown>>;

/** A claim does not have the required form. */
export class ClaimError extends Error {
  override readonly name = 'ClaimError';

  constructor(
    readonly claim: string,
    reason: string,
  ) {
    super(`the claim ${claim} ${reason}`);
  }
}

/** Accepted form of a claim that is a string in some tokens and a list in others. */
interface ClaimForm {
  readonly maxLength: number;
  /** Maximum number of list items. */
  readonly maxItems: number;
  /** True for the gateway's own claims, which have one form; claims of other issuers may be a string or a list. */
  readonly strict: boolean;
}

/**
 * Returns the value at a path; undefined if a member is absent. Throws ClaimError if the path leads through a value
 * that is not an object.
 */
export function claimAt(claims: TokenClaims, { text, names }: ClaimPath): unknown {
  let value: unknown = claims;
  for (const name of names) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new ClaimError(text, `is inside ${describe(value)}, not an object`);
    }
    if (!Object.hasOwn(value, name)) return undefined;
    value = (value as TokenClaims)[name];
  }
  return value;
}

/**
 * Reads the first of these claims that is present: a string, or a list of one where the form allows it. Returns '' if
 * none is.
 */
export function readText(
  claims: TokenClaims,
  paths: readonly ClaimPath[],
  { maxLength, strict }: Omit<ClaimForm, 'maxItems'>,
): string {
  for (const path of paths) {
    const value = claimAt(claims, path);
    if (value === undefined) continue;
    const text: unknown = !strict && Array.isArray(value) && value.length === 1 ? value[0] : value;
    if (typeof text !== 'string') throw new ClaimError(path.text, `is ${describe(value)}, not a string`);
    if (text.length > maxLength) throw new ClaimError(path.text, `is longer than ${maxLength} characters`);
    return text;
  }
  return '';
}

/**
 * Reads all of these claims: lists of strings, or strings with values separated by spaces. Returns undefined if none is
 * present.
 */
export function readList(
  claims: TokenClaims,
  paths: readonly ClaimPath[],
  form: ClaimForm,
): readonly string[] | undefined {
  const found = paths.flatMap((path) => {
    const value = claimAt(claims, path);
    return value === undefined ? [] : [itemsOf(path.text, value, form)];
  });
  if (found.length === 0) return undefined;
  return found.length === 1 ? found[0] : [...new Set(found.flat())];
}

function itemsOf(claim: string, value: unknown, { maxLength, maxItems, strict }: ClaimForm): readonly string[] {
  const items: unknown = !strict && typeof value === 'string' ? value.split(' ').filter(Boolean) : value;
  if (!Array.isArray(items)) throw new ClaimError(claim, `is ${describe(value)}, not a list of strings`);
  if (items.length > maxItems) throw new ClaimError(claim, `has ${items.length} values, more than ${maxItems}`);
  for (const item of items as unknown[]) {
    if (typeof item !== 'string') throw new ClaimError(claim, `holds ${describe(item)}, not only strings`);
    if (item.length > maxLength) throw new ClaimError(claim, `holds a string of more than ${maxLength} characters`);
  }
  return items as string[];
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
