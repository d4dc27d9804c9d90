/** A pattern of English that the project does not use. */
export interface Pattern {
  readonly name: string;
  readonly expression: RegExp;
  /** Advice on what to write. */
  readonly instead: string;
}

/** The opening of a doc comment that is a clause without a main clause. */
export const BARE_CLAUSE: Pattern = {
  name: 'opens with a bare clause',
  expression: /^(?:What|Whether|Those|Who|Whose|Whom|Where|Which|How|When|Why|That|If)\b/,
  instead: 'open with a verb in the third person ("Returns …") or with a noun ("Limits of …")',
};

const COUNTED = 'lines|requests|bytes|calls|entries|attempts|tokens|seconds|milliseconds|events|frames|messages|times';
const UNIT =
  'request|line|second|minute|hour|call|file|tenant|connection|stream|user|upstream|service|pod|process|worker';

/** Patterns that may appear nowhere in a comment or in prose. */
export const PATTERNS: readonly Pattern[] = [
  { name: '"at once"', expression: /\bat once\b/i, instead: '"immediately", or "concurrently"' },
  {
    name: '"is no", "is none"',
    expression: /(?<!\bthere )\b(?:is|are|was|were) (?:no|none)\b(?! longer| more| less| later)/i,
    instead: '"is not a", "is not"',
  },
  {
    name: '"a" for "per"',
    expression: new RegExp(
      `\\b(?:once|twice|\\d+ (?!in\\b|of\\b|to\\b|for\\b)\\w+|(?:one|two|three) (?!of\\b|for\\b|to\\b|in\\b|by\\b)\\w+|${COUNTED}) an? (?:${UNIT})\\b`,
      'i',
    ),
    instead: '"one line per request"',
  },
  {
    name: 'row ID',
    expression:
      /\b(?!(?:UTF|SHA|ISO|AES|RFC|ADR|CVE|AIP|ECMA|IEEE|BCP|STD|P|HS|RS|ES|PS|EC|FIPS|MD|CRC|TLS|X|ABC|DEF|NET|IPV|HTTP|GMT|UTC|W3C|RSA|FNV|BASE|PKCS|CP|H)-)[A-Z]{1,4}-\d{1,3}\b|\brows? [A-Z]{1,4}-?\d|\bfact F\d|\bdocument 00\d/,
    instead: 'the reason, an RFC section, a decision record or a test',
  },
];

/** Returns true if a text has a pattern outside of code and quotations. */
export function has({ expression }: Pattern, text: string): boolean {
  return expression.test(text.replaceAll(/`[^`]*`|"[^"]*"/g, 'code'));
}
