import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { PLANTED, PlantedGateway, SECRET } from '../support/planted-gateway.js';
import { expectFetchProblem } from '../support/problem.js';
import { readText } from './project-files.js';

interface LoopPage {
  readonly delay_ms: object;
  readonly utilization: number;
  readonly blocks: unknown[];
}

let subject: PlantedGateway;
beforeAll(async () => {
  subject = await PlantedGateway.start();
});
afterEach(() => subject.plant('/stop').catch(() => undefined));
afterAll(() => subject.close());

describe('one profile at a time', () => {
  it('is taken; who else asks is told who takes it', async () => {
    const leaving = new AbortController();
    const first = subject.debug('pprof/profile?seconds=60', { signal: leaving.signal });
    const refused = async () => {
      const response = await subject.debug('pprof/heap?seconds=1');
      return response.status === 409 ? response : undefined;
    };
    await expect.poll(refused).toBeDefined();
    const response = await subject.debug('pprof/allocs?seconds=1');
    const holder = { profile: '/debug/pprof/profile', caller: '127.0.0.1', since: expect.any(String) as string };
    expect([response.status, await response.json()]).toMatchObject([409, { code: 'PROFILE_RUNNING', holder }]);
    expect((await subject.debug('heapsnapshot?confirm=1')).status).toBe(409);
    // Pages need no turn.
    expect((await subject.debug('pprof/goroutine?debug=1')).status).toBe(200);
    leaving.abort();
    await expect(first).rejects.toThrow('aborted');
    await expect.poll(async () => (await subject.debug('pprof/profile?seconds=1')).status).toBe(200);
  });
});

describe('a measurement', () => {
  it.each([
    ['pprof/profile?seconds=0', 'seconds'],
    ['pprof/profile?seconds=121', 'seconds'],
    ['pprof/profile?seconds=-1', 'seconds'],
    ['pprof/profile?seconds=1.5', 'seconds'],
    ['pprof/profile?seconds=', 'seconds'],
    ['pprof/heap?seconds=99999999999', 'seconds'],
    ['pprof/allocs?seconds=x', 'seconds'],
    ['pprof/block?seconds=0', 'seconds'],
    ['eventloop?seconds=0', 'seconds'],
    ['pprof/profile?format=svg', 'format'],
    ['pprof/goroutine?debug=3', 'debug'],
    ['pprof/profile?second=5', 'second'],
    ['heapsnapshot', 'confirm'],
    ['heapsnapshot?confirm=yes', 'confirm'],
  ])('is refused as %s, with the name of what is wrong', async (path, field) => {
    const body = await expectFetchProblem(await subject.debug(path), 'INVALID_ARGUMENT');
    expect(body['errors']).toMatchObject([{ field }]);
  });
});

describe('the pages beside the profiles', () => {
  it('are listed with what they say and how they are called', async () => {
    const index = await subject.page('pprof/');
    for (const name of ['profile', 'heap', 'allocs', 'goroutine', 'block', 'mutex']) {
      expect(index).toContain(`go tool pprof -top http://localhost:6060/debug/pprof/${name}`.replace(/goroutine/, ''));
    }
    const links = [...index.matchAll(/href="([^"?]+)/g)].map(
      ([, link = '']) => new URL(link, `${subject.gateway.adminUrl}/debug/pprof/`),
    );
    for (const url of links) expect((await fetch(`${url.href}?unknown=1`)).status).toBe(400);
    expect(links).toHaveLength(9);
  });

  it('measure the event loop, and find what blocks it', async () => {
    const watching = subject.debug('eventloop?seconds=1');
    await subject.plant('/hot');
    const { delay_ms, utilization, blocks } = (await (await watching).json()) as LoopPage;
    expect([Object.keys(delay_ms), utilization > 0, Array.isArray(blocks)]).toEqual([
      ['p50', 'p90', 'p99', 'p99.9', 'max'],
      true,
      true,
    ]);
    const block = subject.debug('pprof/block?seconds=2&debug=1');
    await subject.plant('/long');
    const text = await (await block).text();
    expect(text).toMatch(new RegExp(`\\d+ ms since .*\\n    plantedHotFunction ${PLANTED}:`));
    const delays = await subject.profile('pprof/block?seconds=1');
    expect(delays.types).toEqual(['contentions/count', 'delay/nanoseconds']);
  });

  it('show what requests waited for', async () => {
    // There is one permit: one of them waits, whether it gets it in time or not.
    await Promise.all([subject.askSlowly(300), subject.askSlowly(300)]);
    const text = await subject.page('pprof/mutex?debug=1');
    expect(text).toContain('Node has no mutexes between requests.');
    expect(text).toMatch(/^ +\d+\.\d ms +1 +\d+\.\d ms +permit ai +\/api\/v1\/ai$/m);
    const waits = await subject.profile('pprof/mutex');
    expect(waits.types).toEqual(['contentions/count', 'delay/nanoseconds']);
    expect(waits.samples.map(({ frames }) => frames.map(({ name }) => name))).toContainEqual([
      'permit ai',
      'route /api/v1/ai',
    ]);
  });

  it('report the process without what is secret', async () => {
    const report = await subject.page('report');
    const { header, javascriptHeap, resourceUsage } = JSON.parse(report) as Record<string, object>;
    expect(header).toMatchObject({ commandLine: expect.arrayContaining(['node', 'main.ts']) as string[] });
    expect([typeof javascriptHeap, typeof resourceUsage]).toEqual(['object', 'object']);
    expect(report).not.toContain('environmentVariables');
    expect(report).not.toContain(SECRET);
    expect(report).not.toContain(subject.sandbox.gatewayEnv()['JWT_ISSUER']);
  });

  it('stream a snapshot of the heap to whoever stays', async () => {
    const leaving = new AbortController();
    const response = await subject.debug('heapsnapshot?confirm=1', { signal: leaving.signal });
    expect(response.headers.get('content-disposition')).toContain('.heapsnapshot"');
    const { value } = (await response.body?.getReader().read()) ?? {};
    expect(Buffer.from(value ?? []).toString()).toMatch(/^\{"snapshot":\{"meta":/);
    leaving.abort();
    await expect.poll(async () => (await subject.debug('pprof/heap?seconds=1')).status).toBe(200);
  });
});

describe('the commands of the document', () => {
  it.each([
    ['## On a terminal', 'goroutine profile: total '],
    ['## DevTools and speedscope', ''],
  ])('below %s do what it says', async (heading, expected) => {
    const [, section = ''] = readText('docs/profiles.md').split(`\n${heading}\n`);
    const [commands = ''] = /(?<=```sh\n)[^]*?(?=```)/.exec(section) ?? [];
    const folder = mkdtempSync(join(tmpdir(), 'profiles-'));
    const script = commands
      .replaceAll('http://127.0.0.1:6060', subject.gateway.adminUrl)
      .replaceAll('seconds=10', 'seconds=1');
    // grep finds no request when there is none.
    const run = promisify(execFile)('bash', ['-euc', script.replace("'^request'", "'^main'")], { cwd: folder });
    const { stdout } = await run;
    expect(stdout).toContain(expected);
    expect(stdout).not.toContain('problem');
    for (const file of readdirSync(folder))
      expect(() => JSON.parse(readFileSync(join(folder, file), 'utf8')) as object).not.toThrow();
    rmSync(folder, { recursive: true });
  });
});

it('no session of the inspector is open when nothing is asked', async () => {
  const { gateway } = subject;
  await Promise.allSettled([subject.plant('/exit')]);
  await gateway.exited;
  // Node says so when it exits with one.
  expect([gateway.child.exitCode, gateway.stderr]).toEqual([0, expect.not.stringContaining('debugger') as string]);
});
