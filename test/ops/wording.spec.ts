import { describe, expect, it } from 'vitest';
import { findFiles, readText } from './project-files.js';

/** Not written out below: files do not point to rows, except for the table of requirements. */
const ROW = 'B-28';

/** Wordings that are hard to read or have two meanings, each with a replacement. */
const WORDINGS: readonly [wording: RegExp, instead: string][] = [
  [/\bat once\b/i, '"immediately", or "concurrently"'],
  [/(?<!\bthere )\b(?:is|are) (?:none\b|no (?!longer\b|more\b|later\b|older\b))/i, '"is not a", "does not", "without"'],
  [/\b(?:requests?|calls?|lines?|tokens?|messages?|pages?|times?|bytes|\d) an? (?:second|minute|hour|day)\b/i, '"per"'],
  [/\bone (?:line|page|span|series|round|call|file) an? \w/i, '"one line per request"'],
  [/\bwho(?:so)?ever\b/i, '"anyone", "a client"'],
  [/\btold (?:once|apart)\b|\b(?:is|are) told(?: once)?[.,;]/i, '"reported", "logged"'],
  [
    /\b(?:mend(?:s|ed|ing)?|well again|ward(?:s|ed)? off|impaired|of late|not to be had)\b/i,
    '"fix", "healthy", "degraded", "recent"',
  ],
  [/\b(?:rows? [A-Z]-?\d|facts? F\d|FI-\d|documents? 00\d)/, 'the reason, or name an RFC, a decision or a test'],
];

/** Returns the lines of a Markdown file without code, link targets and quotations. */
function proseOf(path: string): string[] {
  const blank = (text: string) => '\n'.repeat(text.split('\n').length - 1);
  const text = readText(path)
    .replaceAll(/^ *```[\s\S]*?^ *```$/gm, blank)
    // Figures that a program writes, and IDs of requirements, are not prose.
    .replaceAll(/<!-- (\w+):begin[\s\S]*?<!-- \1:end -->/g, blank)
    .replaceAll(/^\| [A-Z0-9]+-\w+ +\|/gm, '|')
    .replaceAll(/<!--[\s\S]*?-->/g, blank)
    .replaceAll(/`[^`\n]*`/g, 'code')
    .replaceAll(/\]\([^)]*\)/g, ']')
    .replaceAll(/"[^"\n]*"/g, '""');
  return text.split('\n');
}

/** Returns the comment of each line of a YAML, proto or Docker file. */
function commentsOf(path: string): string[] {
  return readText(path)
    .split('\n')
    .map((line) => /(?:^|\s)(?:\/\/|#)\s(.*)$/.exec(line)?.[1] ?? '')
    .map((comment) => comment.replaceAll(/`[^`]*`|"[^"]*"/g, 'code'));
}

function findings(path: string): string[] {
  const lines = path.endsWith('.md') ? proseOf(path) : commentsOf(path);
  return lines.flatMap((line, index) =>
    WORDINGS.filter(([wording]) => wording.test(line)).map(
      ([wording, instead]) => `${path}:${index + 1}: "${wording.exec(line)?.[0]}": write ${instead}`,
    ),
  );
}

/** Records are not edited, and the text of generated pages is in `src/`. */
const LEFT_OUT = /^docs\/(?:decisions\/|(?:configuration|errors|log|metrics)\.md$)/;
const DOCUMENTS = findFiles('{*.md,docs/**/*.md,runbooks/**/*.md,starter/**/*.md,test/**/*.md,bench/*.md}').filter(
  (path) => !LEFT_OUT.test(path),
);
const COMMENTED = findFiles(
  '{Dockerfile,docker-compose.yml,k8s/**/*.yaml,kustomize/**/*.yaml,observability/**/*.yml,proto/**/*.proto,runbooks/**/*.yml,starter/**/*.{yml,yaml,proto}}',
);

describe('plain wording', () => {
  it('has files to look at', () => {
    expect(DOCUMENTS.length).toBeGreaterThan(100);
    expect(COMMENTED.length).toBeGreaterThan(30);
  });

  it.each([...DOCUMENTS, ...COMMENTED])('is kept in %s', (path) => {
    expect(findings(path)).toEqual([]);
  });

  it.each([
    ['Calls are refused at once.', 0],
    ['`80a` is no whole number.', 1],
    ['500 tokens a second', 2],
    ['One line a request is written.', 3],
    ['Whoever asks gets it.', 4],
    ['Degradations are told once.', 5],
    ['How to mend it.', 6],
    [`See row ${ROW}.`, 7],
  ])('is not %j', (sentence, index) => {
    expect(WORDINGS.map(([wording]) => wording.test(sentence)).indexOf(true)).toBe(index);
  });

  it.each(['There is no CPU limit.', 'It is no longer read.', 'One page per alert.', 'The client is told which one.'])(
    'may be %j',
    (sentence) => {
      expect(WORDINGS.filter(([wording]) => wording.test(sentence))).toEqual([]);
    },
  );
});
