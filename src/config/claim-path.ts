import { type Kind, Refusal } from './setting.js';

/** Path of a claim in a token. */
export interface ClaimPath {
  /** Path as written in the setting. */
  readonly text: string;
  /** Members to follow, from the outermost. */
  readonly names: readonly string[];
}

const MAX_NAMES = 8;
/** Name in brackets, which may contain dots, or a plain name. */
const NAME = /\[([^[\]]+)\]|([^.[\]]+)/y;

/**
 * Parses the path of a claim: `realm_access.roles`, or `[name.with.dots].roles` with brackets. A path that begins with `https://`
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
