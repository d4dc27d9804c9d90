import type { Profiler } from 'node:inspector';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { gatewayCommand } from '../support/gateway-command.js';
import { lineOf, PLANTED, PlantedGateway } from '../support/planted-gateway.js';
import type { DecodedProfile } from '../support/pprof.js';
import { expectFetchProblem } from '../support/problem.js';

let subject: PlantedGateway;
beforeAll(async () => {
  subject = await PlantedGateway.start();
});
afterEach(() => subject.plant('/stop').catch(() => undefined));
afterAll(() => subject.close());

describe('a CPU profile', () => {
  it('has a hot function of a TypeScript file on top, with its lines in the source', async () => {
    await subject.plant('/hot');
    const cpu = await subject.profile('pprof/profile?seconds=2');
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
    await subject.plant('/hot');
    const response = await subject.debug('pprof/profile?seconds=1&format=cpuprofile');
    expect(response.headers.get('content-disposition')).toContain('.cpuprofile"');
    const { nodes, samples } = (await response.json()) as Profiler.Profile;
    const hot = nodes.find(({ callFrame }) => callFrame.functionName === 'plantedHotFunction');
    expect(hot?.callFrame).toMatchObject({ url: PLANTED, lineNumber: lineOf('plantedHotFunction') - 1 });
    expect(samples?.length).toBeGreaterThan(100);
  });
});

describe('a heap profile', () => {
  it('has a leak on top, with its line in the source', async () => {
    await subject.plant('/leak');
    const heap = await subject.profile('pprof/heap?seconds=2');
    expect([heap.types, heap.defaultType]).toEqual([['inuse_space/bytes'], 'inuse_space']);
    expect(heap.top[0]).toMatchObject({ name: `plantedLeak ${PLANTED}:${lineOf('plantedLeak')}` });
  });

  it('of all allocations has what was freed, too', async () => {
    await subject.plant('/churn');
    const [heap, allocs] = [
      await subject.profile('pprof/heap?seconds=1'),
      await subject.profile('pprof/allocs?seconds=1'),
    ];
    expect(allocs.types).toEqual(['alloc_space/bytes']);
    const churn = ({ top }: DecodedProfile) => top.find(({ name }) => name.startsWith('plantedChurn '))?.value ?? 0;
    expect(churn(allocs)).toBeGreaterThan(10 * churn(heap));
  });

  it('is a page of text, too', async () => {
    await subject.plant('/leak');
    const text = await subject.page('pprof/heap?debug=1&seconds=1');
    expect(text).toMatch(/^ +\d+\.\d\d +heapUsed$/m);
    expect(text).toMatch(new RegExp(`^ +\\d+\\.\\d\\d +plantedLeak ${PLANTED}:${lineOf('plantedLeak')}$`, 'm'));
  });
});

describe('while a loop blocks the main thread for five seconds', () => {
  it('what is in flight is shown, with the function that blocks', async () => {
    const authorization = `Bearer ${await subject.sandbox.issueToken('alice@acme.test')}`;
    const headers = { authorization, 'content-type': 'application/json' };
    const body = JSON.stringify({ query: 'slow 2000ms' });
    const slow = fetch(`${subject.gateway.url}/api/v1/ai`, { method: 'POST', headers, body });
    await subject.sandbox.calls.waitFor((call) => call.method === '/ai.v1.AIService/ProcessQuery');
    await subject.plant('/block');
    await expect
      .poll(() => subject.page('pprof/goroutine?debug=1'))
      .toContain('main thread: runs\n    plantedHotFunction');
    const summary = await subject.page('pprof/goroutine?debug=1');
    expect(summary).toMatch(/^goroutine profile: total 1$/m);
    expect(summary).toContain(`plantedHotFunction ${PLANTED}:1`);
    expect(summary).toMatch(/ 1 .* stage=upstream +ai \/ai.v1.AIService\/ProcessQuery +\/api\/v1\/ai$/m);
    expect(summary).toMatch(/^ +\d+ +TCPSocketWrap$/m);
    const listing = await subject.page('pprof/goroutine?debug=2');
    expect(listing).toMatch(/^request [0-9a-f-]{36} \[upstream, \d+ ms\]:\n {4}route=\/api\/v1\/ai$/m);
    expect(listing).toMatch(/^ {4}tenant=acme\n {4}deadline=in \d+ ms$/m);
    expect(listing).toMatch(/^ +accepted .* 127\.0\.0\.1:\d+/m);
    expect(listing).toMatch(/^ +1 +\d+ +0 +permits of ai$/m);
    const bytes = await subject.profile('pprof/goroutine');
    expect(bytes.top.map(({ name }) => name)).toContain('upstream ai /ai.v1.AIService/ProcessQuery');
    const cpu = await subject.profile('pprof/profile?seconds=1');
    expect(cpu.top[0]?.name).toMatch(/^plantedHotFunction /);
    // It has not ended meanwhile: all of this was answered without the main thread.
    expect(await subject.page('pprof/goroutine?debug=1')).toContain('main thread: runs\n    plantedHotFunction');
    expect((await slow).status).toBe(200);
    const blocks = await subject.page('pprof/block?debug=1');
    expect(blocks).toContain('GATEWAY_PPROF_BLOCK_RATE is on');
    expect(blocks).toMatch(/^longest blocks\n {2}\d{4,} ms since .*\n {4}plantedHotFunction /m);
    const delays = await subject.profile('pprof/block');
    // A busy machine blocks a start for longer than that.
    const planted = delays.top.filter(({ name }) => name.startsWith('plantedHotFunction '));
    expect(Math.max(...planted.map(({ value }) => value))).toBeGreaterThan(4_000_000_000);
    expect(summary + listing).not.toContain(authorization.slice(7, 60));
    expect(summary + listing).not.toContain('slow 2000ms');
  });

  it('gateway triage names the function that blocks', async () => {
    await subject.plant('/block-for-long');
    const { url, adminUrl } = subject.gateway;
    const args = ['triage', '--url', `${adminUrl}`, '--metrics', url, '--timeout', '1s', '--no-probe'];
    const { exitCode, out, err } = await gatewayCommand(args, {});
    expect(err).toContain('the metrics of the gateway are not available');
    expect(out).toMatch(/^likely cause: event loop is blocked \(confidence high\)$/m);
    expect(out).toMatch(/^ {2}main thread: runs\n +plantedHotFunction /m);
    expect(exitCode).toBe(1);
  });
});

describe('a main thread in native code', () => {
  it('is said to be there, and is waited for no longer', async () => {
    await subject.plant('/native');
    await expect.poll(() => subject.page('pprof/goroutine?debug=1')).toContain('main thread: in native code');
    expect(await subject.page('pprof/goroutine?debug=2')).toMatch(/the kernel says: (?:sleeping|running)/);
    await expectFetchProblem(await subject.debug('pprof/goroutine'), 'MAIN_THREAD_STALLED');
    await expect.poll(() => subject.page('pprof/goroutine?debug=1')).toContain('main thread: waits for events');
  });
});
