import ts from 'typescript';

/** A comment of a source file: the words of one block, or of adjacent line comments, without the comment signs. */
export interface Comment {
  readonly text: string;
  /** Number of its first line, from 1. */
  readonly line: number;
  /** True for a doc comment. */
  readonly isDoc: boolean;
}

const COMMENT = /\/\*[\s\S]*?\*\/|\/\/[^\n]*(?:\n[ \t]*\/\/[^\n]*)*/g;

/** Returns all comments of a TypeScript or JavaScript file, in their order. */
export function commentsOf(path: string, source: string): Comment[] {
  const literals = literalsOf(ts.createSourceFile(path, source, ts.ScriptTarget.Latest));
  const found: Comment[] = [];
  const pattern = new RegExp(COMMENT);
  for (let match = pattern.exec(source); match !== null; match = pattern.exec(source)) {
    const { index } = match;
    const literal = literals.find(([start, end]) => start <= index && index < end);
    if (literal) pattern.lastIndex = literal[1];
    else found.push({ text: wordsOf(match[0]), line: lineAt(source, index), isDoc: match[0].startsWith('/**') });
  }
  return found;
}

/** Returns start and end of each string, template part and regular expression. */
function literalsOf(file: ts.SourceFile): (readonly [number, number])[] {
  const ranges: (readonly [number, number])[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isLiteralExpression(node) || ts.isTemplateMiddleOrTemplateTail(node) || ts.isTemplateHead(node)) {
      ranges.push([node.getStart(file), node.end]);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return ranges;
}

function wordsOf(comment: string): string {
  const lines = comment.replace(/^\/\*+|\*\/$/g, '').split('\n');
  return lines
    .map((line) => line.replace(/^\s*(?:\/\/|\*)?\s*/, ''))
    .join(' ')
    .trim();
}

function lineAt(source: string, index: number): number {
  return source.slice(0, index).split('\n').length;
}
