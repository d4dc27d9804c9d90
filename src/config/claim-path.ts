import { type Kind, Refusal } from './setting.js';

/** Where a claim is in a token. */
export interface ClaimPath {
  /** As the setting has it. */
  readonly text: string;
  /** The members to follow, from the outermost. */
  readonly names: readonly string[];
}

const MAX_NAMES = 8;
/** A name in brackets, which may have dots of its own, or a plain one. */
const NAME = /\[([^[\]]+)\]|([^.[\]]+)/y;

/**
 * `realm_access.roles` follows members; `[name.with.dots].roles` has a name with dots. A path that begins with `https://`
 * or `http://` is one name, as claims of OpenID Connect Core 5.1.2 are.
 */
export const claimPath: Kind<ClaimPath> = {
  form: 'claim',
  parse(raw) {
    if (/^https?:\/\//.test(raw)) return { text: raw, names: [raw] };
    const names = namesIn(raw);
    if (names !== undefined && names.length <= MAX_NAMES) return { text: raw, names };
    throw new Refusal(
      `"${raw}" is not the path of a claim`,
      'write scope, realm_access.roles, https://acme.example/roles, or [name.with.dots].roles',
    );
  },
};

function namesIn(raw: string): string[] | undefined {
  const names: string[] = [];
  for (let at = 0; ; at++) {
    NAME.lastIndex = at;
    const match = NAME.exec(raw);
    if (match === null) return undefined;
    names.push(match[1] ?? match[2] ?? '');
    at = NAME.lastIndex;
    if (at === raw.length) return names;
    if (raw[at] !== '.') return undefined;
  }
}
