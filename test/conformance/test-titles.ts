import ts from 'typescript';

type Table = readonly ts.Expression[] | undefined;

const PLACEHOLDER = /%[sdifjo]|\$[a-zA-Z]\w*/;

/**
 * Titles of the tests in the source of a spec, each after those of the `describe` around it. A test over a table has
 * its title as written, and one more for each row of a table that stands in the same file, with its literals put in.
 * Tests that are skipped are left out.
 */
export function titlesOf(source: string): string[] {
  const file = ts.createSourceFile('a.spec.ts', source, ts.ScriptTarget.Latest, false);
  const tables = tablesOf(file);
  const titles: string[] = [];
  const visit = (node: ts.Node, above: readonly string[]): void => {
    const call = ts.isCallExpression(node) ? readCall(node, tables) : undefined;
    if (call === undefined) return ts.forEachChild(node, (child) => visit(child, above));
    const full = above.flatMap((prefix) => call.titles.map((title) => `${prefix}${title}`));
    if (call.name !== 'describe') titles.push(...full);
    else
      for (const part of call.body)
        visit(
          part,
          full.map((title) => `${title} `),
        );
  };
  visit(file, ['']);
  return titles;
}

/** The arrays that names of a file stand for; a name that is used twice stands for both. */
function tablesOf(file: ts.SourceFile): ReadonlyMap<string, Table> {
  const tables = new Map<string, Table>();
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) && ts.isIdentifier(node.name) && node.initializer !== undefined) {
      const { text } = node.name;
      tables.set(text, [...(tables.get(text) ?? []), ...(elementsOf(node.initializer, tables) ?? [])]);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return tables;
}

function elementsOf(expression: ts.Expression, tables: ReadonlyMap<string, Table>): Table {
  const inner =
    ts.isAsExpression(expression) || ts.isSatisfiesExpression(expression) ? expression.expression : expression;
  if (ts.isIdentifier(inner)) return tables.get(inner.text);
  if (!ts.isArrayLiteralExpression(inner)) return undefined;
  return inner.elements.flatMap((element) =>
    ts.isSpreadElement(element) ? (elementsOf(element.expression, tables) ?? []) : [element],
  );
}

interface TestCall {
  readonly name: string;
  readonly titles: readonly string[];
  readonly body: readonly ts.Expression[];
}

/** Reads `it(title, …)`, `test.each(table)(title, …)`, `describe.each(table)(title, …)` and the like. */
function readCall(call: ts.CallExpression, tables: ReadonlyMap<string, Table>): TestCall | undefined {
  const [first, ...body] = call.arguments;
  const name = /^(it|test|describe)\b(?!.*\.(?:skip|todo)\b)/.exec(calleeOf(call.expression))?.[1];
  const title = first === undefined ? undefined : textOf(first);
  if (name === undefined || title === undefined) return undefined;
  const [table] = ts.isCallExpression(call.expression) ? call.expression.arguments : [];
  const rows = table === undefined ? undefined : elementsOf(table, tables);
  return { name, titles: [title, ...(rows ?? []).map((row) => fill(title, row))], body };
}

/** `it.concurrent.each` of `it.concurrent.each(table)`. */
function calleeOf(expression: ts.Expression): string {
  if (ts.isIdentifier(expression)) return expression.text;
  if (ts.isPropertyAccessExpression(expression)) return `${calleeOf(expression.expression)}.${expression.name.text}`;
  return ts.isCallExpression(expression) ? calleeOf(expression.expression) : '';
}

/** Puts the literals of a row into a title; what is computed stays a placeholder. */
function fill(title: string, row: ts.Expression): string {
  if (ts.isObjectLiteralExpression(row)) {
    return title.replace(/\$([a-zA-Z]\w*)/g, (placeholder, name: string) => memberOf(row, name) ?? placeholder);
  }
  const values = ts.isArrayLiteralExpression(row) ? [...row.elements] : [row];
  return title.replace(new RegExp(PLACEHOLDER, 'g'), (placeholder) => {
    const value = values.shift();
    return (value === undefined ? undefined : textOf(value)) ?? placeholder;
  });
}

function memberOf(row: ts.ObjectLiteralExpression, name: string): string | undefined {
  const member = row.properties.find(
    (property) => ts.isPropertyAssignment(property) && ts.isIdentifier(property.name) && property.name.text === name,
  );
  return member !== undefined && ts.isPropertyAssignment(member) ? textOf(member.initializer) : undefined;
}

/** A text or number as written; a template keeps its `${…}`. */
function textOf(expression: ts.Expression): string | undefined {
  if (ts.isStringLiteralLike(expression) || ts.isNumericLiteral(expression)) return expression.text;
  if (!ts.isTemplateExpression(expression)) return undefined;
  return expression.head.text + expression.templateSpans.map(({ literal }) => `\${…}${literal.text}`).join('');
}
