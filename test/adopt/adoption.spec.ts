import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { gatewayCommand } from '../support/gateway-command.js';
import { packGateway } from '../support/installed-package.js';
import { commandsIn, Reader } from '../support/reader.js';
import { readmeBlocks, readmeFile, shellBlock } from '../support/code-blocks.js';

let archive: string;
const readers: Reader[] = [];

beforeAll(() => {
  archive = packGateway(inject('builtGateway'));
});
afterAll(async () => {
  for (const reader of readers) await reader.leave();
  rmSync(dirname(archive), { recursive: true, force: true });
});

async function sitDown(): Promise<Reader> {
  const reader = await Reader.sitDown(archive);
  readers.push(reader);
  return reader;
}

describe('the first quarter of an hour', () => {
  const setUp = commandsIn(shellBlock('README.md', 'npx gateway init'));
  const requests = commandsIn(shellBlock('README.md', 'orders:watch'));
  let reader: Reader;
  const answers: string[] = [];

  beforeAll(async () => {
    reader = await sitDown();
    for (const command of [...setUp, ...requests]) answers.push(await reader.type(command));
    answers.splice(0, setUp.length);
  });

  it('takes fewer than ten commands', () => {
    expect(setUp.length + requests.length).toBeLessThan(10);
  });

  it('gets an order, and is told the name of the parameter that is wrong', () => {
    expect(answers[0]).toContain('"id":"42","tenantId":"acme","customerEmail":"user1@example.com"');
    expect(answers[0]).toMatch(/"status":400.*"errors":\[\{"field":"page_size"/);
  });

  it('is refused without the permission', () => {
    expect(answers[1]).toMatch(/"status":403,.*"code":"PERMISSION_DENIED"/);
  });

  it('is refused without a token, and finds the OpenAPI document', () => {
    expect(answers[2]).toMatch(/"status":401,.*"code":"UNAUTHENTICATED"/);
    expect(answers[2]).toMatch(/"openapi":"3\.1.*\/api\/v1\/orders\/\{orderId\}/);
  });

  it('watches orders as server-sent events', () => {
    const ids = [...(answers[3] ?? '').matchAll(/^data: ?\{"id":"(order-\d)"/gm)].map(([, id]) => id);
    expect(ids).toEqual(['order-1', 'order-2', 'order-3', 'order-4', 'order-5']);
  });

  it('may call the command by the name of the package', async () => {
    expect(await reader.type('npx api-gateway check --env .env')).toContain('configuration is valid');
  });

  it('leaves a secret of its own, out of version control, and overwrites nothing', async () => {
    const before = reader.read('.env');
    expect(before).toMatch(/^JWT_SECRET=[\w-]{43}$/m);
    expect(reader.read('.gitignore')).toMatch(/^\.env$/m);
    const again = await gatewayCommand(['init', reader.folder], {});
    expect(again).toMatchObject({ exitCode: 1, out: '' });
    expect(again.err).toMatch(/\/\.env: already exist; nothing was written/);
    expect(reader.read('.env')).toBe(before);
  });

  it('finds the manifests that its overlay is upon in the package', () => {
    const [base] = (parse(reader.read('kustomize/kustomization.yaml')) as { resources: string[] }).resources;
    expect(reader.read(`kustomize/${base}/kustomization.yaml`)).toContain('kind: Kustomization');
    expect(reader.read('node_modules/api-gateway/k8s/kustomization.yaml')).toContain('namespace: production');
  });

  it('passes the checks of its CI file', async () => {
    const workflow = reader.read('.github/workflows/gateway.yml');
    const settings = workflow.matchAll(/^ {6}(GATEWAY_\w+): (\S+)$/gm);
    const env = Object.fromEntries(Array.from(settings, ([, name, path]) => [name, join(reader.folder, path ?? '')]));
    expect(Object.keys(env)).toEqual(['GATEWAY_ENV_FILE', 'GATEWAY_DESCRIPTORS']);
    const steps = [...workflow.matchAll(/- run: npx (.+)$/gm)].map(([, step = '']) => step);
    for (const step of steps.filter((each) => each.startsWith('gateway '))) {
      expect(await gatewayCommand(step.split(' ').slice(1), env)).toMatchObject({ exitCode: 0 });
    }
    expect(steps.filter((each) => each.startsWith('buf '))).toEqual(['buf lint', setUp[2]?.replace('npx ', '')]);
    expect(await reader.type('npx buf lint && echo "no finding"')).toContain('no finding');
  });
});

describe("protos of one's own", () => {
  const blocks = ['npx gateway protos', 'mock extra.binpb'].flatMap((word) =>
    commandsIn(shellBlock('README.md', word)),
  );

  it('end in the response that the README shows', async () => {
    const reader = await sitDown();
    reader.write('proto/billing/v1/billing.proto', readmeFile('proto', 'billing/v1/billing.proto'));
    let last = '';
    for (const command of blocks) last = await reader.type(command);
    const [shown = ''] = readmeBlocks('text');
    expect(last).toContain(shown.trim());
  });
});
