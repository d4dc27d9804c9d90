import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { type Comment, commentsOf } from './comments.js';
import { BARE_CLAUSE, has, PATTERNS } from './english.js';

/** A figure and its name, as it is printed. */
export type Figure = readonly [name: string, value: string];

const ROOMS_WITH_COMMENTS = '{src,sandbox,test,bench,scripts}/**/*.{ts,js,mjs}';
const SMALL_FILE_LINES = 30;

/** Returns the sizes of the files and functions in `src/`, without specs and generated files. */
export function sizes(root: string): Figure[] {
  const paths = globSync('src/**/*.ts', { cwd: root }).filter(
    (path) => !path.endsWith('.spec.ts') && !path.startsWith('src/gen/'),
  );
  const files = paths.map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
  const lines = files.map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }));
  const counts = lines.map((file) => file.lines).toSorted((a, b) => a - b);
  const small = counts.filter((count) => count <= SMALL_FILE_LINES).length;
  const largest = lines.toSorted((a, b) => b.lines - a.lines)[0];
  const functions = files.flatMap(({ path, text }) => functionsOf(path, text)).toSorted((a, b) => b.lines - a.lines);
  return [
    ['files of src', String(counts.length)],
    ['lines per file, median', String(counts[Math.floor(counts.length * 0.5)])],
    ['lines per file, p90', String(counts[Math.floor(counts.length * 0.9)])],
    [`files of ${SMALL_FILE_LINES} lines or less`, percent(small, counts.length)],
    ['largest file', `${largest?.lines} ${largest?.path}`],
    ['largest function', `${functions[0]?.lines} ${functions[0]?.name}`],
  ];
}

function functionsOf(path: string, text: string): { readonly name: string; readonly lines: number }[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const found: { readonly name: string; readonly lines: number }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      const lines = text.slice(node.getStart(file), node.end).split('\n').length;
      found.push({ name: `${path} ${node.name?.getText(file) ?? ''}`.trim(), lines });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

/** Returns how many comments have each pattern of English that the project does not use. */
export function commentFigures(root: string): Figure[] {
  const comments = allComments(root);
  const docs = comments.filter(({ isDoc }) => isDoc);
  const bare = docs.filter(({ text }) => has(BARE_CLAUSE, text)).length;
  return [
    ['doc comments', String(docs.length)],
    [`doc comments: ${BARE_CLAUSE.name}`, `${bare} = ${percent(bare, docs.length)}`],
    ...PATTERNS.map((pattern): Figure => {
      return [`comments: ${pattern.name}`, String(comments.filter(({ text }) => has(pattern, text)).length)];
    }),
  ];
}

/** Returns the comments of the project's own code, each with its file. */
export function allComments(root: string): (Comment & { readonly path: string })[] {
  const paths = globSync(ROOMS_WITH_COMMENTS, { cwd: root }).filter(
    (path) => !/(?:^|\/)(?:gen|node_modules)\//.test(path),
  );
  return paths
    .toSorted()
    .flatMap((path) => commentsOf(path, readFileSync(join(root, path), 'utf8')).map((each) => ({ ...each, path })));
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)} %`;
}
