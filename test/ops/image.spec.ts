import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { findFiles, readText, readYaml, ROOT } from './project-files.js';

const run = promisify(execFile);

/** Programs of Alpine's BusyBox that a runbook may run in a pod. */
const BUSYBOX = [
  'cat',
  'date',
  'df',
  'du',
  'env',
  'ls',
  'nc',
  'netstat',
  'nslookup',
  'ps',
  'sh',
  'tail',
  'tar',
  'top',
  'wget',
];

interface Stage {
  readonly base: string;
  readonly name: string;
  /** Instructions such as `USER 65532:65532`, continuation lines joined. */
  readonly lines: readonly string[];
}

function readStages(): ReadonlyMap<string, Stage> {
  const text = readText('Dockerfile')
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\\\n\s*/g, '');
  const stages = text
    .split(/^FROM /m)
    .slice(1)
    .map(readStage);
  return new Map(stages.map((stage) => [stage.name, stage]));
}

function readStage(text: string): Stage {
  const [head = '', ...lines] = text.split('\n').filter((line) => line.trim() !== '');
  const [base = '', name = ''] = head.split(' AS ');
  return { base, name, lines };
}

function argumentsOf(stage: Stage | undefined, instruction: string): string[] {
  const lines = stage?.lines.filter((line) => line.startsWith(`${instruction} `)) ?? [];
  return lines.map((line) => line.slice(instruction.length + 1));
}

function commandOf(stage: Stage | undefined): string[] {
  return JSON.parse(argumentsOf(stage, 'CMD')[0] ?? '[]') as string[];
}

/** Files of the project that a stage copies. */
function sourcesOf(stage: Stage): string[] {
  const copies = argumentsOf(stage, 'COPY').filter((line) => !line.startsWith('--from='));
  return copies.flatMap((line) => line.split(' ').slice(0, -1));
}

describe('the Dockerfile', () => {
  const stages = readStages();
  const gateway = stages.get('gateway');

  it('copies files that exist, and .dockerignore lets through just those', () => {
    const sources = new Set([...stages.values()].flatMap(sourcesOf));
    const allowed = readText('.dockerignore').matchAll(/^!(.+)$/gm);
    expect([...sources].filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(new Set([...allowed].map((match) => match[1]))).toEqual(sources);
  });

  it('makes the gateway unless told otherwise', () => {
    expect([...stages.keys()].at(-1)).toBe('gateway');
  });

  it('uses one release of the Node that the project is developed with, by its digest', () => {
    const major = readText('.nvmrc').trim();
    const bases = Array.from(stages.values(), ({ base }) => base);
    for (const base of bases)
      expect(base).toMatch(new RegExp(`^node:${major}\\.\\d+\\.\\d+-[\\w.-]+@sha256:[0-9a-f]{64}$`));
    expect(new Set(bases.map((base) => base.split('-')[0])).size).toBe(1);
    expect(stages.get('gateway')?.base).toBe(stages.get('build')?.base);
  });

  it('brings neither development dependencies nor a second Node into the image', () => {
    const steps = argumentsOf(stages.get('build'), 'RUN').join('\n');
    expect(steps).toMatch(/npm ci --ignore-scripts.*\n.*npm run build && npm prune --omit=dev/);
    expect(argumentsOf(gateway, 'COPY').every((line) => line.startsWith('--from=build '))).toBe(true);
  });

  it('has every program that the documents run in a pod', () => {
    const instructions = gateway?.lines.join('\n') ?? '';
    const added = ['curl', 'gateway'].filter((name) =>
      new RegExp(`(apk add|ln -s) .*\\b${name}\\b`).test(instructions),
    );
    const pages = findFiles('{*.md,docs/**/*.md,runbooks/**/*.md}').map(readText);
    const used = pages.flatMap((text) => [...text.matchAll(/kubectl exec\b.* -- +(\w+)/g)].map(([, name]) => name));
    expect(used.length).toBeGreaterThan(0);
    expect([...BUSYBOX, 'node', ...added]).toEqual(expect.arrayContaining([...new Set(used)]));
  });

  it('runs as the user of the deployment', () => {
    expect(argumentsOf(gateway, 'USER')).toEqual(['65532:65532']);
    expect(argumentsOf(stages.get('sandbox'), 'USER')).toEqual(['65532:65532']);
  });

  it('starts what the build makes of src/main.ts, with flags that Node knows', async () => {
    const [program, ...parts] = commandOf(gateway);
    const flags = parts.slice(0, -1);
    expect(program).toBe('node');
    expect(parts.at(-1)).toBe('dist/main.js');
    expect(existsSync(join(ROOT, 'src/main.ts'))).toBe(true);
    const { stdout } = await run(process.execPath, [...flags, '-e', 'console.log("ran")']);
    expect(stdout).toBe('ran\n');
  });

  it('opens no inspector on SIGUSR1, nor does npm start', () => {
    const { scripts } = JSON.parse(readText('package.json')) as { scripts: Record<string, string> };
    expect(commandOf(gateway)).toContain('--disable-sigusr1');
    expect(scripts['start']?.split(' ')).toContain('--disable-sigusr1');
  });

  it.each(['start', 'sandbox'])('is reached by a signal to npm, whose shell gives way to it: npm run %s', (name) => {
    const { scripts } = JSON.parse(readText('package.json')) as { scripts: Record<string, string> };
    expect(scripts[name]).toMatch(/^exec node /);
  });

  it('starts backends that exist in the sandbox image', () => {
    expect(existsSync(join(ROOT, commandOf(stages.get('sandbox')).at(-1) ?? ''))).toBe(true);
  });

  it('is alive while /livez answers, wherever it listens', () => {
    const [check = ''] = argumentsOf(gateway, 'HEALTHCHECK');
    expect(check).toContain('127.0.0.1:${OPS_PORT:-${API_GATEWAY_PORT:-8080}}/livez');
  });

  it('is labelled with the version of the package', () => {
    const { version } = readYaml<{ version: string }>('package.json');
    expect(argumentsOf(gateway, 'ARG')).toContain(`VERSION=${version}`);
    expect(readText('docker-compose.yml')).toContain(`image: api-gateway:${version}`);
    expect(readText('k8s/api-gateway-deployment.yaml')).toContain(`image: your-registry/api-gateway:${version}`);
  });
});
