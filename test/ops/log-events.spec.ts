import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { EVENT_GUIDE } from '../../src/observe/event-guide.js';
import { findFiles, readText } from './project-files.js';

const GUIDE = 'src/observe/event-guide.ts';
const LEVELS = new Set(['debug', 'info', 'warn', 'error', 'fatal']);
/** Expressions that are a logger of events. */
const LOGGER = /(^|\.)(log|logger|events)$/;
/** These pass on text: of the framework, and the refusals of src/start-refusal.ts. */
const PASSES_ON = new Set(['src/observe/framework-log.ts', 'src/run-gateway.ts']);

/** The beginning of the message of each event that a file logs, up to its first variable part. */
function eventsOf(path: string): string[] {
  const file = ts.createSourceFile(path, readText(path), ts.ScriptTarget.ESNext, true);
  const found: string[] = [];
  visitAll(file, (node) => {
    if (!ts.isCallExpression(node) || !isLogCall(node.expression)) return;
    const message = node.arguments.at(-1);
    if (message !== undefined) found.push(...beginnings(message, file));
  });
  return found;
}

function visitAll(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => visitAll(child, visit));
}

function isLogCall(called: ts.Expression): boolean {
  const isLevel =
    ts.isElementAccessExpression(called) || (ts.isPropertyAccessExpression(called) && LEVELS.has(called.name.text));
  return isLevel && LOGGER.test(called.expression.getText());
}

function beginnings(message: ts.Expression, file: ts.SourceFile): string[] {
  if (ts.isStringLiteralLike(message)) return [message.text];
  if (ts.isTemplateExpression(message)) return message.head.text === '' ? literalsOf(file) : [message.head.text];
  if (ts.isIdentifier(message)) return initializersOf(message.text, file).flatMap((each) => beginnings(each, file));
  return [`not a text: ${message.getText()}`];
}

/** Returns the initial values of the constants of this name. */
function initializersOf(name: string, file: ts.SourceFile): ts.Expression[] {
  const found: ts.Expression[] = [];
  visitAll(file, (node) => {
    if (ts.isVariableDeclaration(node) && node.name.getText() === name && node.initializer !== undefined)
      found.push(node.initializer);
  });
  return found;
}

/** For a message that begins with a word from a table: the words of the file that look like one. */
function literalsOf(file: ts.SourceFile): string[] {
  const found: string[] = [];
  visitAll(file, (node) => {
    if (ts.isStringLiteral(node) && /^[a-z]+_[a-z_]+$/.test(node.text) && ts.isPropertyAssignment(node.parent))
      found.push(node.text);
  });
  return found;
}

const sources = findFiles('src/**/*.ts').filter((path) => !/\.spec\.ts$|^src\/gen\//.test(path) && path !== GUIDE);
const logged = sources
  .filter((path) => !PASSES_ON.has(path))
  .flatMap((path) => eventsOf(path).map((text) => ({ path, event: nameOf(text) })));

/** The name of an event: the first word of its message, or all of an older one that is a sentence. */
function nameOf(text: string): string {
  return Object.hasOwn(EVENT_GUIDE, text) ? text : (/^\w+/.exec(text)?.[0] ?? text);
}

describe('the events of the log', () => {
  it('are found in the code', () => expect(logged.length).toBeGreaterThan(50));

  it.each(logged)('$event of $path is explained', ({ event }) => {
    expect(Object.keys(EVENT_GUIDE)).toContain(event);
  });

  it.each(Object.keys(EVENT_GUIDE))('%s is logged somewhere', (event) => {
    const quoted = new RegExp(`['\`]${event}(?!\\w)`);
    expect(sources.filter((path) => quoted.test(readText(path)))).not.toEqual([]);
  });

  it.each(Object.entries(EVENT_GUIDE))('%s has its levels and one sentence', (_event, [level, says]) => {
    for (const each of level.split(', ')) expect([...LEVELS]).toContain(each);
    expect(says).toMatch(/^[A-Z`].*\.$/);
  });
});
