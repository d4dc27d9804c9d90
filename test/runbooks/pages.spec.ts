import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { SCENARIOS } from '../drill/scenarios/index.js';
import { ROOT } from '../ops/project-files.js';
import { parsePage, readPages } from './page.js';
import { MAX_EXCUSED, reportOf } from './report.js';

const pages = readPages();
const blocks = pages.flatMap((page) => page.blocks);
const place = ({ path, line }: { path: string; line: number }) => `${path}:${line}`;

describe('the pages below runbooks/', () => {
  it('say of each block what it must print, or why it is not executed', () => {
    const silent = blocks.filter((block) => block.expect === undefined && block.excuse === undefined);
    expect(silent.map(place)).toEqual([]);
  });

  it('name the fault that is on while the drill runs their blocks', () => {
    const drilled = new Set(SCENARIOS.map(({ name }) => name));
    const unknown = pages.filter(({ scenario = '', blocks: [first] }) => first !== undefined && !drilled.has(scenario));
    expect(unknown.map(({ path, scenario }) => `${path}: ${scenario}`)).toEqual([]);
  });

  it('excuse few of their blocks, and report what becomes of each', () => {
    const report = reportOf(pages);
    mkdirSync(join(ROOT, 'test-artifacts'), { recursive: true });
    writeFileSync(join(ROOT, 'test-artifacts/runbooks.md'), `${report}\n`);
    process.stdout.write(`${report.split('\n| ', 1)[0]}\n`);
    const excused = blocks.filter(({ excuse }) => excuse !== undefined).length;
    expect(excused / blocks.length).toBeLessThanOrEqual(MAX_EXCUSED);
  });

  it.each(pages.filter((page) => page.blocks.some(({ language }) => language === 'sh')))(
    '$path has only commands that a shell can read',
    async (page) => {
      for (const { language, text } of page.blocks) {
        if (language !== 'sh') continue;
        const { stderr } = await promisify(execFile)('bash', ['-n', '-c', text]);
        expect(stderr).toBe('');
      }
    },
  );

  it.each([
    ['empties Redis, sessions and limits included', /\bFLUSH(?:DB|ALL)\b/i],
    ['hands keys to a redis-cli that does not know where Redis is', /xargs (?!.*-u).*\bredis-cli\b/],
    ['ends a gateway without its drain', /\bkill -(?:9|KILL)\b|--force\b|--grace-period=0\b/],
    [
      'shows the last ten lines of a pod and says nothing of the others',
      /kubectl logs (?!.*--tail).*(?:-l|--selector)/,
    ],
    ['takes a pattern of alternatives as text', /\bgrep (?!.*-[a-zA-Z]*[EP])[^|]*\\\|/],
  ])('have no command that %s', (_, harmful) => {
    expect(blocks.filter(({ language, text }) => language === 'sh' && harmful.test(text)).map(place)).toEqual([]);
  });
});

describe('the comment above a block', () => {
  const parse = (comment: string) => parsePage('page.md', `${comment}\n\n\`\`\`sh\ndate\n\`\`\`\n`).blocks[0];

  it.each([
    ['<!-- expect: /UTC$/m -->', { when: 'fault', expect: /UTC$/m, excuse: undefined }],
    ['<!-- expect: nothing -->', { when: 'fault', expect: 'nothing', excuse: undefined }],
    ['<!-- after recovery, expect: /a\\/b/ -->', { when: 'recovery', expect: /a\/b/, excuse: undefined }],
    ['<!-- not executed: needs a registry -->', { when: 'fault', expect: undefined, excuse: 'needs a registry' }],
    ['A sentence.', { when: 'fault', expect: undefined, excuse: undefined }],
  ])('%s', (comment, expected) => {
    expect(parse(comment)).toMatchObject(expected);
  });

  it.each(['<!-- expects: /a/ -->', '<!-- not executed: -->', '<!-- expect: a -->'])('is refused as %s', (comment) => {
    expect(() => parse(comment)).toThrow(/page\.md:1: the comment is not one that a block may have/);
  });

  it('is found inside of a list', () => {
    const text = '---\nscenario: user-down\n---\n\n1. Look:\n\n   <!-- expect: /a/ -->\n   ```promql\n   up\n   ```\n';
    expect(parsePage('page.md', text)).toMatchObject({
      scenario: 'user-down',
      blocks: [{ line: 8, text: 'up', expect: /a/ }],
    });
  });
});
