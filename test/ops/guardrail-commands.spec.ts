import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startSandbox } from '../../sandbox/environment.js';
import { ContractDrift } from '../../src/ops/contract-drift.js';
import { callAdmin } from '../support/admin.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { shellBlock } from '../support/code-blocks.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    sandbox: await startSandbox({ idp: false, guardrail: true }),
    env: { GATEWAY_ADMIN_ADDR: '127.0.0.1:0' },
  });
});
afterAll(() => gateway.close());

it('the commands of docs/guardrails.md show a block, a guardrail that hangs, and what passes', async () => {
  const script = shellBlock('docs/guardrails.md', 'faults/guardrail')
    .replaceAll('localhost:8080', new URL(gateway.url).host)
    .replaceAll('localhost:8090', new URL(gateway.sandbox.faultsUrl).host);
  const { stdout } = await promisify(execFile)('bash', ['-c', script]);
  const answers = stdout.split('\n').filter((line) => line.startsWith('{') && !line.includes('"mode"'));
  expect(answers.map((line) => (JSON.parse(line) as { code?: string }).code ?? 'answered')).toEqual([
    'CONTENT_BLOCKED',
    'answered',
    'UPSTREAM_UNAVAILABLE',
  ]);
});

it('only the switch of the guardrail takes a word to block', async () => {
  const put = (name: string) =>
    fetch(`${gateway.sandbox.faultsUrl}/faults/${name}`, { method: 'PUT', body: '{"mode":"block","word":"a"}' });
  expect((await put('ai')).status).toBe(400);
  expect((await put('guardrail')).status).toBe(200);
});

it('the contract of the guardrail is compared with its RPCs', async () => {
  await gateway.gateway.app.get(ContractDrift).check();
  const response = await callAdmin(gateway, 'GET', '/admin/upstreams');
  const { upstreams } = (await response.json()) as { upstreams: { upstream: string; contract: { state: string } }[] };
  expect(upstreams.find(({ upstream }) => upstream === 'guardrail')?.contract.state).toBe('same');
});
