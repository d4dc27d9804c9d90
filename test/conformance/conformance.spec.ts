import { describe, expect, it } from 'vitest';
import { findFiles, readText } from '../ops/project-files.js';
import { problemsOf, readRequirements } from './check.js';
import { reportOf } from './report.js';
import { parseChapter } from './requirements.js';
import { titlesOf } from './test-titles.js';

const OWN = 'test/conformance/conformance.spec.ts';

const parse = (rows: string) => parseChapter('a.md', `| ID | Requirement | Shown by |\n| --- | --- | --- |\n${rows}\n`);

it('each requirement of the project has a test or a reason', () => {
  const requirements = readRequirements();
  expect(requirements.length).toBeGreaterThan(0);
  expect(problemsOf(requirements)).toEqual([]);
});

it('no file points to a row of a document, only titles of tests have IDs', () => {
  const pointer = /\b(?:rows?|facts?) (?:[A-Z]{1,3}-?|00\d-)\d|\b00\d-\d|\bdocuments? 00\d/i;
  const files = findFiles('{src,sandbox,bench,scripts,test,docs,runbooks}/**/*.{ts,mjs,sh,md}');
  const lines = files
    .filter((path) => !/\/(?:gen|requirements|conformance)\//.test(path))
    .flatMap((path) =>
      readText(path)
        .split('\n')
        .map((line) => `${path}: ${line.trim()}`),
    );
  expect(lines.filter((line) => pointer.test(line))).toEqual([]);
});

it('each RPC of the contract has a row', () => {
  const ids = readRequirements().map(({ id }) => id);
  const rpcs = findFiles('proto/*/v1/*.proto').flatMap((path) => {
    const text = readText(path);
    const [owner, service] = [/^package (.+);/m.exec(text)?.[1], /^service (\w+)/m.exec(text)?.[1]];
    return [...text.matchAll(/^ {2}rpc (\w+)/gm)].map(([, name]) => `${owner}.${service}.${name}`);
  });
  expect(rpcs.length).toBeGreaterThan(30);
  expect(ids).toEqual(expect.arrayContaining(rpcs));
});

describe('a requirement is accepted', () => {
  it.each([
    ['with a test', `\`${OWN}\` "has a test or a reason"`],
    ['with a test over a table, as it is written', `\`${OWN}\` "a requirement is accepted %s"`],
    ['with one row of such a table', `\`${OWN}\` "a requirement is accepted with a script"`],
    ['with two tests', `\`${OWN}\` "is accepted"; \`${OWN}\` "is refused"`],
    ['with a script', '`npm run interop`'],
    ['with a scenario of a script', '`npm run soak -- --scenario aborts`'],
    ['with a fault of the drill', '`npm run drill -- user-down`'],
    ['with a reason why it does not apply', 'does not apply: nobody has a browser; or two'],
    ['with what is missing', `\`${OWN}\` "is accepted"; not yet: the other half`],
  ])('%s', (_, shownBy) => {
    expect(problemsOf(parse(`| X-1 | is told | ${shownBy} |`))).toEqual([]);
  });
});

describe('a requirement is refused', () => {
  it.each([
    ['without a test or a reason', '| X-1 | is told | |', 'neither a test nor a reason'],
    ['without a text', '| X-1 | | not yet: all |', 'the requirement is missing'],
    ['with an empty reason', '| X-1 | is told | not yet: |', 'no reason'],
    ['with prose', '| X-1 | is told | see the tests |', '"see the tests" is no test'],
    ['in a table with other columns', '| Id | What | Where |', '"Where" is no test'],
    ['with a spec that is not there', '| X-1 | is told | `test/none.spec.ts` "x" |', 'no spec test/none.spec.ts'],
    ['with a test that is not there', `| X-1 | is told | \`${OWN}\` "is ${'painted'}" |`, 'no test "is painted"'],
    ['with a script that is not there', '| X-1 | is told | `npm run nothing` |', 'no script npm run nothing'],
    ['with a scenario that is not there', '| X-1 | is told | `npm run soak -- --scenario x` |', 'no scenario x'],
    ['with a fault that is not drilled', '| X-1 | is told | `npm run drill -- x` |', 'no scenario x'],
    ['whose ID stands twice', '| X-1 | is told | not yet: a |\n| X-1 | is told | not yet: b |', 'stands twice'],
    ['after a gap', '| X-1 | is told | not yet: a |\n| X-3 | is told | not yet: b |', 'X-2: no chapter has this row'],
  ])('%s', (_, rows, problem) => {
    expect(problemsOf(parse(rows))).toEqual([expect.stringContaining(problem)]);
  });
});

it('titles stand after those around them; rows of a table fill them, skipped tests have none', () => {
  const source = `
    describe('x', () => {
      const CODES: [string, number][] = ['a', ['b', 2], { name: 'c' }, computed()];
      it.each(CODES)('%s is $name of %d', () => {});
      test(\`is \${y}\`, () => {});
      it.skip('no', () => {});
    });`;
  const rows = ['x a is $name of %d', 'x b is 2 of %d', 'x %s is c of %d', 'x %s is $name of %d'];
  expect(titlesOf(source)).toEqual(['x %s is $name of %d', ...rows, 'x is ${…}']);
});

it('the report counts each chapter and tells what is missing', () => {
  const rows = ['| X-1 | a | `npm run interop`; not yet: b |', '| X-2 | a | does not apply: c |', '| X-3 | a | |'];
  const report = reportOf(parse(rows.join('\n')), ['X-3: wrong']);
  expect(report).toContain('| a.md | 3 | 0 | 0 | 1 | 1 |');
  expect(report).toContain('## Not yet\n\n- X-1: b\n\n## Problems\n\n- X-3: wrong\n');
});
