import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { VERSION } from '../../version.js';
import { run } from '../program.js';

const root = mkdtempSync(join(tmpdir(), 'init-'));

afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Runs `gateway …` and gives its exit code and all that it wrote. */
async function gateway(...args: string[]): Promise<readonly [number, string]> {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  return [await run(args, { out: write, err: write }, {}), lines.join('\n')];
}

function read(...path: string[]): string {
  return readFileSync(join(root, ...path), 'utf8');
}

describe('gateway init', () => {
  it('writes a starter with all values filled in, and says what is next', async () => {
    const [exitCode, written] = await gateway('init', join(root, 'new/orders'));
    expect([exitCode, written.split('\n').at(-1)]).toEqual([0, expect.stringContaining('gateway token issue')]);
    const files = readdirSync(join(root, 'new/orders'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    for (const file of files) expect(readFileSync(file, 'utf8'), file).not.toMatch(/\{\{\w+\}\}/);
    expect(parseEnv(read('new/orders/.env'))).toMatchObject({ AUTH_SERVICE_URL: 'none', API_GATEWAY_PORT: '8080' });
  });

  it('gives each starter a secret of its own', async () => {
    await gateway('init', join(root, 'other'));
    const secrets = ['new/orders', 'other'].map((folder) => parseEnv(read(folder, '.env'))['JWT_SECRET']);
    expect(secrets[0]).toMatch(/^[\w-]{43}$/);
    expect(secrets[0]).not.toBe(secrets[1]);
  });

  it('writes manifests of this version that a cluster and compose understand', () => {
    const kustomization = parse(read('new/orders/kustomize/kustomization.yaml')) as { images: object[] };
    expect(kustomization.images).toEqual([{ name: 'your-registry/api-gateway', newTag: VERSION }]);
    const compose = parse(read('new/orders/compose.yaml')) as { services: Record<string, { image: string }> };
    expect(Object.values(compose.services).map(({ image }) => image)).toEqual(
      Array(2).fill(`\${GATEWAY_IMAGE:-your-registry/api-gateway:${VERSION}}`),
    );
  });

  it('says in the Deployment what settings.env says, wherever the manifests of the package would win', () => {
    interface Container {
      readonly name: string;
      readonly env: readonly { readonly name: string; readonly value: string }[];
    }
    const deploymentIn = (text: string) =>
      parseAllDocuments(text)
        .map((document) => document.toJS() as { kind: string; metadata: object; spec: never })
        .find(({ kind }) => kind === 'Deployment') as unknown as {
        metadata: { name: string; namespace: string };
        spec: { template: { spec: { containers: readonly Container[] } } };
      };
    const base = deploymentIn(
      readFileSync(new URL('../../../k8s/api-gateway-deployment.yaml', import.meta.url), 'utf8'),
    );
    const patch = deploymentIn(read('new/orders/kustomize/deployment.yaml'));
    expect(patch.metadata).toMatchObject({ name: base.metadata.name, namespace: base.metadata.namespace });
    const [ours, theirs] = [base, patch].map(({ spec }) => spec.template.spec.containers[0]);
    expect(theirs?.name).toBe(ours?.name);
    const fixed = new Set(ours?.env.map(({ name }) => name));
    const settings = Object.entries(parseEnv(read('new/orders/kustomize/settings.env')));
    const patched = Object.fromEntries(theirs?.env.map(({ name, value }) => [name, value]) ?? []);
    expect(patched).toEqual({
      AI_SERVICE_URL: 'none',
      ...Object.fromEntries(settings.filter(([name]) => fixed.has(name))),
    });
  });

  it('writes nothing where one of its files is there already', async () => {
    const folder = mkdtempSync(join(root, 'used-'));
    writeFileSync(join(folder, '.env'), 'MINE=1\n');
    const [exitCode, written] = await gateway('init', folder);
    expect([exitCode, written]).toEqual([
      1,
      expect.stringContaining(`${folder}/.env: already exist; nothing was written`),
    ]);
    expect(readdirSync(folder)).toEqual(['.env']);
  });

  it('says why it cannot write', async () => {
    writeFileSync(join(root, 'file'), '');
    expect(await gateway('init', join(root, 'file'))).toEqual([1, expect.stringContaining('cannot be written: E')]);
  });
});

describe('gateway protos', () => {
  it('writes what contracts import, and no contract of a service', async () => {
    const [exitCode] = await gateway('protos', join(root, 'protos'));
    expect(exitCode).toBe(0);
    for (const path of ['gateway/v1/policy.proto', 'google/api/annotations.proto', 'google/api/http.proto']) {
      expect(existsSync(join(root, 'protos', path)), path).toBe(true);
    }
    expect(readdirSync(join(root, 'protos')).filter((name) => !['buf', 'gateway', 'google'].includes(name))).toEqual(
      [],
    );
  });

  it('replaces those of another version only when it is told to', async () => {
    const path = join(root, 'protos/gateway/v1/policy.proto');
    const current = readFileSync(path, 'utf8');
    expect(await gateway('protos', join(root, 'protos'))).toEqual([0, expect.any(String)]);
    writeFileSync(path, '// older\n');
    expect(await gateway('protos', join(root, 'protos'))).toEqual([
      1,
      expect.stringContaining('--force replaces them'),
    ]);
    expect(readFileSync(path, 'utf8')).toBe('// older\n');
    expect((await gateway('protos', join(root, 'protos'), '--force'))[0]).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe(current);
  });
});
