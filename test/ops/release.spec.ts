import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readText, readYaml, ROOT } from './project-files.js';

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Workflow {
  readonly on: { readonly push: { readonly tags: readonly string[] } };
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<string, { readonly needs?: string | readonly string[]; readonly steps: readonly Step[] }>
  >;
}

const WORKFLOW = '.github/workflows/release.yml';
const workflow = readYaml(WORKFLOW) as unknown as Workflow;

const CHANGELOG = `# Changelog

## [Unreleased]

## [0.2.0] - 2026-12-01

### Added

- Something.

## [0.1.0] - 2026-11-01

- The first.
`;

function script(name: string, args: readonly string[], cwd = ROOT) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts', name), ...args], {
    cwd,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

function stepsOf(job: string): readonly Step[] {
  return workflow.jobs[job]?.steps ?? [];
}

describe('the release workflow', () => {
  it('runs for tags of versions, when everything that must hold before a merge holds', () => {
    expect(workflow.on.push.tags).toEqual(['v*']);
    expect(workflow.permissions).toEqual({ contents: 'read' });
    const runs = stepsOf('check').map(({ run }) => run ?? '');
    expect(runs).toContain('.ci/run');
    expect(runs.join('\n')).toContain('test "$GITHUB_REF_NAME" = "v$version"');
    expect([workflow.jobs['package']?.needs, workflow.jobs['image']?.needs]).toEqual(['check', 'check']);
    expect(workflow.jobs['notes']?.needs).toEqual(['check', 'package', 'image']);
  });

  it('builds the image of the gateway with an SBOM and its provenance, for both processors', () => {
    const build = stepsOf('image').find(({ id }) => id === 'build');
    expect(build?.with).toMatchObject({
      target: 'gateway',
      push: true,
      sbom: true,
      provenance: 'mode=max',
      platforms: 'linux/amd64,linux/arm64',
      tags: '${{ steps.tags.outputs.tags }}',
    });
    for (const argument of String(build?.with?.['build-args']).trim().split('\n')) {
      expect(readText('Dockerfile')).toMatch(new RegExp(`^ARG ${argument.split('=')[0]}`, 'm'));
    }
  });

  it('runs no script that is not here', () => {
    const named = [...readText(WORKFLOW).matchAll(/(scripts\/[\w-]+\.mjs|\.ci\/run)/g)].map(([, path]) => path ?? '');
    expect(named.length).toBeGreaterThan(2);
    for (const path of named) expect(existsSync(join(ROOT, path)), path).toBe(true);
  });
});

describe('the notes of a release', () => {
  it.each([
    ['0.2.0', 0, '### Added\n\n- Something.\n'],
    ['0.1.0', 0, '- The first.\n'],
    ['Unreleased', 1, ''],
    ['0.3.0', 1, ''],
  ])('of %s are what the changelog says of it', (version, status, stdout) => {
    const folder = mkdtempSync(join(tmpdir(), 'release-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'CHANGELOG.md'), CHANGELOG);
    const result = script('release-notes.mjs', [version], folder);
    expect(result).toMatchObject({ status, stdout });
    if (status !== 0) expect(result.stderr).toContain(`says nothing of [${version}]`);
  });
});

describe('the tags of an image', () => {
  it.each([
    ['0.1.0', ['0.1.0', '0.1']],
    ['1.2.3', ['1.2.3', '1.2', '1']],
    ['2.0.0-rc.1', ['2.0.0-rc.1']],
  ])('of %s are %j', (version, tags) => {
    const { status, stdout } = script('image-tags.mjs', ['r/g', version]);
    expect([status, stdout]).toEqual([0, tags.map((tag) => `r/g:${tag}\n`).join('')]);
  });

  it('are none for what is not a version', () => {
    expect(script('image-tags.mjs', ['r/g', 'latest'])).toMatchObject({ status: 1, stdout: '' });
  });
});

describe('the version', () => {
  it('is one in package, chart, image and compose', () => {
    const { version } = JSON.parse(readText('package.json')) as { version: string };
    expect(readText('Dockerfile')).toContain(`ARG VERSION=${version}\n`);
    expect(readText('charts/api-gateway/Chart.yaml')).toMatch(new RegExp(`^version: ${version}$`, 'm'));
    expect(readText('charts/api-gateway/Chart.yaml')).toMatch(new RegExp(`^appVersion: ["']?${version}["']?$`, 'm'));
    expect(readText('docker-compose.yml')).toContain(`image: api-gateway:${version}\n`);
    expect(readText('k8s/api-gateway-deployment.yaml')).toContain(`image: your-registry/api-gateway:${version}\n`);
    expect(readText('README.md')).toContain(`api-gateway-${version}.tgz`);
  });
});
