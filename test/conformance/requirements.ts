/** Proof of a requirement, or the reason for its absence. */
export type Evidence =
  | { readonly kind: 'test'; readonly spec: string; readonly title: string }
  | { readonly kind: 'script'; readonly script: string; readonly scenario: string | undefined }
  | { readonly kind: 'does not apply' | 'not yet'; readonly reason: string };

/** One row of a chapter. */
export interface Requirement {
  readonly chapter: string;
  readonly line: number;
  readonly id: string;
  readonly text: string;
  readonly evidence: readonly Evidence[];
  /** The part of the last cell that nobody understands, empty when all is understood. */
  readonly unread: string;
}

const HEADER = /^\|\s*ID\s*\|\s*Requirement\s*\|\s*Shown by\s*\|$/;
const RULE = /^\|[\s:|-]+\|$/;
const CELL = /(?<!\\)\|/;
const TEST = /`([^`\s]+\.spec\.ts)` "([^"]+)"/y;
const SCRIPT = /`npm run ([\w:-]+)(?: -- (?:--scenario )?([\w-]+))?`/y;
const REASON = /(does not apply|not yet): ?(.+)$/y;
const SEPARATOR = /;?\s*/y;

/** Requirements of a chapter: the rows of its tables, which all have the columns `ID | Requirement | Shown by`. */
export function parseChapter(chapter: string, markdown: string): Requirement[] {
  const lines = markdown.split('\n').map((line, index) => ({ line, number: index + 1 }));
  const rows = lines.filter(({ line }) => line.startsWith('|') && !HEADER.test(line) && !RULE.test(line));
  return rows.map(({ line, number }) => parseRow(chapter, number, line));
}

function parseRow(chapter: string, line: number, row: string): Requirement {
  const [id = '', text = '', ...shownBy] = row
    .slice(1, row.lastIndexOf('|'))
    .split(CELL)
    .map((cell) => cell.trim().replaceAll('\\|', '|'));
  return { chapter, line, id, text, ...parseEvidence(shownBy.join('|')) };
}

/** Reads `test; test; script; not yet: reason`. */
function parseEvidence(cell: string): Pick<Requirement, 'evidence' | 'unread'> {
  const evidence: Evidence[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(cell);
    at += match?.[0].length ?? 0;
    return match;
  };
  while (at < cell.length) {
    const found = readOne(take);
    if (found === undefined) return { evidence, unread: cell.slice(at) };
    evidence.push(found);
    take(SEPARATOR);
  }
  return { evidence, unread: '' };
}

function readOne(take: (pattern: RegExp) => RegExpExecArray | null): Evidence | undefined {
  const test = take(TEST);
  if (test !== null) return { kind: 'test', spec: test[1] ?? '', title: test[2] ?? '' };
  const script = take(SCRIPT);
  if (script !== null) return { kind: 'script', script: script[1] ?? '', scenario: script[2] };
  const reason = take(REASON);
  return reason === null
    ? undefined
    : { kind: reason[1] === 'not yet' ? 'not yet' : 'does not apply', reason: reason[2] ?? '' };
}
