import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { run } from '../program.js';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PAGE = readFileSync(join(ROOT, 'docs/commands.md'), 'utf8');
const BLOCKS = [...PAGE.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block = '']) => block);
const COMMANDS = BLOCKS.flatMap((block) => block.trim().split('\n')).map((line) => line.replace(/^.*npx gateway /, ''));
const directory = mkdtempSync(join(tmpdir(), 'gateway-page-'));

afterAll(() => rmSync(directory, { recursive: true }));

describe('a command of docs/commands.md', () => {
  test('is on the page', () => {
    expect(COMMANDS.map((line) => line.split(' ')[0])).toEqual([
      'doctor',
      'triage',
      'diag',
      'audit',
      'audit',
      'token',
      'mock',
    ]);
  });

  // `mock` runs until it is stopped: test/adopt/mock.spec.ts starts it.
  test.each(COMMANDS.filter((line) => !line.startsWith('mock')))(
    '%s is understood, and ends although nothing runs here',
    async (line) => {
      const args = line.split(' ').map((word) => {
        if (word === 'diag.tar.gz') return join(directory, word);
        return word === '.env' || word.startsWith('sandbox/') ? join(ROOT, 'sandbox/sandbox.env') : word;
      });
      const lines: string[] = [];
      const terminal = { out: (text: string) => void lines.push(text), err: (text: string) => void lines.push(text) };
      expect([0, 1, 69]).toContain(
        await run(
          args.map((word) => (word === 'k8s' ? join(ROOT, 'k8s') : word)),
          terminal,
          {},
        ),
      );
      expect(lines.length).toBeGreaterThan(0);
    },
  );
});
