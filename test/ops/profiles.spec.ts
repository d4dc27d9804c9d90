import type { Profiler } from 'node:inspector';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startWorld, type World } from '../../sandbox/world.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { DecodedProfile } from '../support/pprof.js';
import { expectFetchProblem } from '../support/problem.js';
import { REGISTER } from '../support/typescript.js';
import { readText } from './project-files.js';

const PLANTED = 'test/support/planted.ts';
const PROGRAM = ['--import', REGISTER, '--import', `./${PLANTED}`, 'src/main.ts'];

let world: World;
let gateway: GatewayProcess;
let plantedUrl: string;
beforeAll(async () => {
  world = await startWorld({ faultServer: false, idp: false });
  const env = { GATEWAY_ADMIN_ADDR: '127.0.0.1:0', GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s' };
  gateway = await GatewayProcess.start(world, env, PROGRAM);
  plantedUrl = String(gateway.lines.find(({ msg }) => msg === 'planted')?.['url']);
}, 60_000);
afterEach(() => plant('/stop'));
afterAll(async () => {
  await gateway.kill();
  await world.close();
});

const plant = (fault: string) => fetch(plantedUrl + fault);
const debug = (path: string, init?: RequestInit) => fetch(`${gateway.adminUrl}/debug/${path}`, init);

/** The line of a planted function in its source, from 1. */
const lineOf = (name: string) =>
  readText(PLANTED)
    .split('\n')
    .findIndex((line) => line.includes(`function ${name}`)) + 1;

async function profile(path: string): Promise<DecodedProfile> {
  const response = await debug(path);
  expect(response.status).toBe(200);
  return new DecodedProfile(await response.bytes());
}

async function page(path: string): Promise<string> {
  const response = await debug(path);
  const body = await response.text();
  expect([response.status, body]).toEqual([200, body]);
  return body;
}

describe('a CPU profile', () => {
  it('has a hot function of a TypeScript file on top, with its lines in the source', async () => {
    await plant('/hot');
    const cpu = await profile('pprof/profile?seconds=2');
    expect(cpu.types).toEqual(['samples/count', 'cpu/nanoseconds']);
    expect([cpu.defaultType, cpu.isSymbolized]).toEqual(['cpu', true]);
    expect(cpu.top[0]).toMatchObject({
      name: `plantedHotFunction ${PLANTED}:${lineOf('plantedHotFunction')}`,
      file: PLANTED,
    });
    const hotLine = lineOf('plantedHotFunction');
    const inner = cpu.samples.flatMap(({ frames: [frame] }) => (frame?.file === PLANTED ? [frame] : []));
    expect(
      inner.filter(({ name, line }) => name.startsWith('plantedHot') && (line < hotLine || line > hotLine + 8)),
    ).toEqual([]);
    expect(cpu.samples.flatMap(({ frames }) => frames.map(({ name }) => name))).not.toContain('(idle)');
  });

  it('comes for DevTools and speedscope, too, with the same names', async () => {
    await plant('/hot');
    const response = await debug('pprof/profile?seconds=1&format=cpuprofile');
    expect(response.headers.get('content-disposition')).toContain('.cpuprofile"');
    const { nodes, samples } = (await response.json()) as Profiler.Profile;
    const hot = nodes.find(({ callFrame }) => callFrame.functionName === 'plantedHotFunction');
    expect(hot?.callFrame).toMatchObject({ url: PLANTED, lineNumber: lineOf('plantedHotFunction') - 1 });
    expect(samples?.length).toBeGreaterThan(100);
  });
});

describe('a heap profile', () => {
  it('has a leak on top, with its line in the source', async () => {
    await plant('/leak');
    const heap = await profile('pprof/heap?seconds=2');
    expect([heap.types, heap.defaultType]).toEqual([['inuse_space/bytes'], 'inuse_space']);
    expect(heap.top[0]).toMatchObject({ name: `plantedLeak ${PLANTED}:${lineOf('plantedLeak')}` });
  });

  it('of all allocations has what was freed, too', async () => {
    await plant('/hot');
    const allocs = await profile('pprof/allocs?seconds=1');
    expect(allocs.types).toEqual(['alloc_space/bytes']);
    expect(allocs.top.reduce((sum, { value }) => sum + value, 0)).toBeGreaterThan(0);
  });

  it('is a page of text, too', async () => {
    await plant('/leak');
    const text = await page('pprof/heap?debug=1');
    expect(text).toMatch(/^ +\d+\.\d\d +heapUsed$/m);
    expect(text).toMatch(new RegExp(`^ +\\d+\\.\\d\\d +plantedLeak ${PLANTED}:${lineOf('plantedLeak')}$`, 'm'));
  });
});

describe('while a loop blocks the main thread for five seconds', () => {
  it('what is in flight is shown, with the function that blocks', async () => {
    const authorization = `Bearer ${await world.issueToken('alice@acme.test')}`;
    const headers = { authorization, 'content-type': 'application/json' };
    const body = JSON.stringify({ query: 'slow 6000ms' });
    const slow = fetch(`${gateway.url}/api/v1/ai`, { method: 'POST', headers, body });
    await world.calls.waitFor((call) => call.method === '/ai.v1.AIService/ProcessQuery');
    await plant('/block');
    await expect.poll(() => page('pprof/goroutine?debug=1')).toContain('main thread: runs\n    plantedHotFunction');
    const summary = await page('pprof/goroutine?debug=1');
    expect(summary).toMatch(/^goroutine profile: total 1$/m);
    expect(summary).toContain(`plantedHotFunction ${PLANTED}:1`);
    expect(summary).toMatch(/ 1 .* stage=upstream +ai \/ai.v1.AIService\/ProcessQuery +\/api\/v1\/ai$/m);
    expect(summary).toMatch(/^ +\d+ +TCPSocketWrap$/m);
    const listing = await page('pprof/goroutine?debug=2');
    expect(listing).toMatch(/^request [0-9a-f-]{36} \[upstream, \d+ ms\]:\n {4}route=\/api\/v1\/ai$/m);
    expect(listing).toMatch(/^ {4}tenant=acme\n {4}deadline=in \d+ ms$/m);
    expect(listing).toMatch(/^ +accepted .* 127\.0\.0\.1:\d+/m);
    expect(listing).toMatch(/^ +1 +\d+ +0 +permits of ai$/m);
    const bytes = await profile('pprof/goroutine');
    expect(bytes.top.map(({ name }) => name)).toContain('upstream ai /ai.v1.AIService/ProcessQuery');
    // It has not ended meanwhile: all of this was answered without the main thread.
    expect(await page('pprof/goroutine?debug=1')).toContain('main thread: runs\n    plantedHotFunction');
    expect((await slow).status).toBe(200);
    expect(summary + listing).not.toContain(authorization.slice(7, 60));
    expect(summary + listing).not.toContain('slow 6000ms');
  });

  it('a CPU profile can be taken of it', async () => {
    await plant('/block');
    const cpu = await profile('pprof/profile?seconds=1');
    expect(cpu.samples.length).toBeGreaterThan(0);
    await expect.poll(() => page('pprof/goroutine?debug=1')).toContain('main thread: waits for events');
  });
});

describe('a main thread in native code', () => {
  it('is said to be there, and is waited for no longer', async () => {
    await plant('/native');
    await expect.poll(() => page('pprof/goroutine?debug=1')).toContain('main thread: in native code');
    expect(await page('pprof/goroutine?debug=2')).toMatch(/the kernel says: (?:sleeping|running)/);
    await expectFetchProblem(await debug('pprof/goroutine'), 'MAIN_THREAD_STALLED');
    await expect.poll(() => page('pprof/goroutine?debug=1')).toContain('main thread: waits for events');
  });
});
