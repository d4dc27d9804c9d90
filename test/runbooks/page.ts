import { parse } from 'yaml';
import { findFiles, readText } from '../ops/project-files.js';

/** Expected output of a block: matched by a pattern, or empty. */
export type Expectation = RegExp | 'nothing';

/** A fenced sh or promql block of a page, with the comment above it. */
export interface Block {
  readonly path: string;
  /** Line of its fence in the page, from 1. */
  readonly line: number;
  readonly language: 'sh' | 'promql';
  /** As it is copied: without the indentation of a list. */
  readonly text: string;
  readonly when: 'fault' | 'recovery';
  readonly expect: Expectation | undefined;
  /** Reason why it is not executed. */
  readonly excuse: string | undefined;
}

export interface Page {
  readonly path: string;
  /** Name of the fault that is on while the blocks run; undefined where the front matter has none. */
  readonly scenario: string | undefined;
  readonly blocks: readonly Block[];
}

const FRONT_MATTER = /^---\n([\s\S]*?\n)---\n/;
const FENCE = /^( *)```(sh|promql)$/;
const COMMENT = /^ *<!-- (after recovery, )?(?:expect: (?:(nothing)|\/(.+)\/([imsu]*))|not executed: (.+)) -->$/;

/** Reads all pages below runbooks/, in the order of their paths. */
export function readPages(): readonly Page[] {
  return findFiles('runbooks/**/*.md').map((path) => parsePage(path, readText(path)));
}

/** Reads the blocks of all pages of a scenario. */
export function blocksOf(scenario: string): readonly Block[] {
  return readPages().flatMap((page) => (page.scenario === scenario ? page.blocks : []));
}

/** Parses a page. @throws {Error} names the file and line of a comment that cannot be understood. */
export function parsePage(path: string, text: string): Page {
  const front = FRONT_MATTER.exec(text)?.[1];
  const { scenario } = (front === undefined ? {} : parse(front)) as { scenario?: string };
  const lines = text.split('\n');
  const blocks = lines.flatMap((line, index) => {
    const [, indent, language] = FENCE.exec(line) ?? [];
    if (indent === undefined) return [];
    const end = lines.indexOf(`${indent}\`\`\``, index + 1);
    if (end < 0) throw new Error(`${path}:${index + 1}: the block has no end`);
    const body = lines.slice(index + 1, end).map((each) => each.slice(indent.length));
    const source = { path, line: index + 1, language: language as 'sh' | 'promql', text: body.join('\n') };
    return [{ ...source, ...readComment(path, lines, index) }];
  });
  return { path, scenario, blocks };
}

/** Reads the comment above a fence; an empty line may be between them. */
function readComment(path: string, lines: readonly string[], fence: number): Pick<Block, 'when' | 'expect' | 'excuse'> {
  const at = lines[fence - 1]?.trim() === '' ? fence - 2 : fence - 1;
  const line = lines[at] ?? '';
  if (!line.trimStart().startsWith('<!--')) return { when: 'fault', expect: undefined, excuse: undefined };
  const match = COMMENT.exec(line);
  if (match === null)
    throw new Error(`${path}:${at + 1}: the comment is not one that a block may have: ${line.trim()}`);
  const [, after, nothing, pattern, flags, excuse] = match;
  const expected = pattern === undefined ? undefined : new RegExp(pattern, flags);
  return {
    when: after === undefined ? 'fault' : 'recovery',
    expect: nothing === 'nothing' ? nothing : expected,
    excuse,
  };
}
