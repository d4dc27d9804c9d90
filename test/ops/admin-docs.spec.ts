import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ShownCircuits } from '../support/admin.js';
import { startTestGateway, type TestGateway } from '../support/gateway.js';
import { metric } from '../support/metrics.js';
import { readText } from './project-files.js';

const run = promisify(execFile);

/** Two pods, both of them this machine. */
const KUBECTL = `#!/bin/sh
echo "$*" >> "$KUBECTL_LOG"
case "$1" in
  get) echo pod/one; echo pod/two ;;
  exec) while [ "$1" != -- ]; do shift; done; shift; exec "$@" ;;
  port-forward) ;;
  *) exit 64 ;;
esac
`;

let gateway: TestGateway;
let folder: string;
beforeAll(async () => {
  gateway = await startTestGateway({ env: { GATEWAY_ADMIN_ADDR: '127.0.0.1:0' } });
  folder = mkdtempSync(join(tmpdir(), 'admin-docs-'));
  writeFileSync(join(folder, 'kubectl'), KUBECTL, { mode: 0o755 });
});
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true });
});

/** The shell blocks below a heading of a document. */
function blocksBelow(path: string, heading: string): string[] {
  const [, section = ''] = readText(path).split(`\n${heading}\n`);
  const [text = ''] = section.split(/^#{1,3} /m);
  return [...text.matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
}

/** Runs commands as they stand there, on the gateway of this test; gives the JSON answers and the calls of kubectl. */
async function execute(commands: string): Promise<{ answers: unknown[]; kubectl: string[] }> {
  const log = join(folder, 'kubectl.log');
  writeFileSync(log, '');
  const script = commands.replaceAll('http://127.0.0.1:6060', gateway.gateway.adminUrl ?? '');
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}`, KUBECTL_LOG: log };
  const { stdout } = await run('bash', ['-euc', script], { env });
  const { stdout: calls } = await run('cat', [log]);
  const answers = stdout === '' ? [] : (JSON.parse(`[${stdout.replaceAll('}\n{', '},{')}]`) as unknown[]);
  return { answers, kubectl: calls.trimEnd().split('\n') };
}

const userState = (state: string) => metric(gateway.url, 'gateway_circuit_state', { upstream: 'user', state });

describe('the commands of the documents', () => {
  it('open, close and reset a circuit', async () => {
    const [commands = ''] = blocksBelow('docs/protection.md', '### By hand');
    const { answers } = await execute(commands);
    const [list, ...changed] = answers as [{ circuits: ShownCircuits[] }, ...ShownCircuits[]];
    expect(list.circuits.map(({ upstream }) => upstream)).toEqual(['auth', 'user', 'tenant', 'ai']);
    expect(changed.map(({ read }) => read.state)).toEqual(['open', 'closed', 'closed']);
  });

  it('open it in all pods, and reset it there', async () => {
    const [, inAllPods = ''] = blocksBelow('docs/protection.md', '### By hand');
    const { answers, kubectl } = await execute(inAllPods);
    expect(answers).toMatchObject([{ read: { state: 'open' } }, { write: { state: 'open' } }]);
    expect(kubectl[0]).toBe('get pods -n production -l app=api-gateway -o name');
    expect(kubectl.slice(1).map((call) => call.split(' -- ')[0])).toEqual([
      'exec -n production pod/one',
      'exec -n production pod/two',
    ]);
    expect(await userState('open')).toBe(1);
    const [, , , reset = ''] = blocksBelow('runbooks/sop/circuits.md', '# Open and close circuits');
    expect((await execute(reset)).answers).toHaveLength(2);
    expect(await userState('closed')).toBe(1);
  });

  it('reach the listener of a pod', async () => {
    const [forward = '', calls = ''] = blocksBelow('docs/admin-listener.md', '## Where it is');
    expect((await execute(forward)).kubectl).toEqual(['port-forward -n production deployment/api-gateway 6060:6060']);
    expect((await execute(calls)).answers).toMatchObject([{ status: 'alive' }, { circuits: expect.any(Array) as [] }]);
  });

  it('look at the instance', async () => {
    const [state = '', errors = ''] = blocksBelow('docs/admin-listener.md', '## Look');
    const { answers } = await execute(state);
    expect(answers).toMatchObject([{ count: 0 }, { upstreams: expect.any(Array) as [] }, { rateLimits: {} }]);
    expect((await execute(errors)).answers).toMatchObject([{ errors: [] }]);
  });

  it('try a request', async () => {
    const [attempt = ''] = blocksBelow('docs/admin-listener.md', '## Try');
    const allowed = { decision: { allowed: true }, request: { message: { userId: 'acme-alice' } } };
    expect((await execute(attempt)).answers).toMatchObject([allowed]);
  });

  it('have it read everything anew', async () => {
    const [reload = ''] = blocksBelow('docs/admin-listener.md', '## Reload');
    expect((await execute(reload)).answers).toMatchObject([{ settings: [], needRestart: [] }]);
  });

  it('change it, and take it out of service', async () => {
    const [changes = '', drain = ''] = blocksBelow('docs/admin-listener.md', '## Change');
    expect((await execute(changes)).answers).toMatchObject([{ level: 'debug' }, { dryRun: true }]);
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200);
    expect((await execute(drain)).answers).toEqual([{ draining: true, inFlight: 0 }]);
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(503);
  });
});
