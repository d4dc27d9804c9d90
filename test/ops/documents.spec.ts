import { describe, expect, it } from 'vitest';
import { readText } from './project-files.js';

describe('the documents say', () => {
  it.each([
    [
      'which functions of a profile are a finding',
      'docs/profiles.md',
      /^## What is normal$[^]*one function with more than half/m,
    ],
    [
      'what a longer drain costs',
      'runbooks/recipes/stuck-drain.md',
      /`GATEWAY_SHUTDOWN_TIMEOUT`.*`GATEWAY_TERMINATION_GRACE`.*The price:/,
    ],
    [
      'when to raise and to lower the grace',
      'runbooks/recipes/stale-auth.md',
      /^\| setting +\|.*\| lower it +\| raise it +\|\n[^]*^\| `GATEWAY_AUTH_CACHE_HARD_GRACE`/m,
    ],
    [
      'what a region shares with another one',
      'docs/regions.md',
      /`GET \/health` on the public host[^]*^## What a client notices/m,
    ],
    ['how many pods a load takes', 'docs/sizing.md', /\*\*pods = requests per second at the peak/i],
  ])('%s', (_what, path, expected) => {
    expect(readText(path)).toMatch(expected);
  });

  it('what each exit code of a gateway means', () => {
    const sources = ['src/start-refusal.ts', 'src/process-end.ts'].map(readText).join('\n');
    const codes = [...sources.matchAll(/^const EXIT_\w+ = (\d+);/gm)].map(([, code]) => code);
    const page = readText('runbooks/runbook-api-gateway.md');
    const explained = [...page.matchAll(/^\| (\d+) +\| \w/gm)].map(([, code]) => code);
    // 137 is 128 + SIGKILL: the kernel or Kubernetes ended it.
    expect(new Set(explained)).toEqual(new Set([...codes, '137']));
  });
});

it('the workflow of a merge runs what must hold before it', () => {
  expect(readText('.github/workflows/services-ci.yml')).toMatch(/^ +- run: \.ci\/run$/m);
  expect(readText('.ci/run')).toMatch(/^npm test /m);
});
