import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Scrape } from '../support/metrics.js';
import { ReloadFixture } from '../support/reload-fixture.js';

let fixture: ReloadFixture;
beforeAll(async () => {
  fixture = await ReloadFixture.start();
});
afterAll(() => fixture.close());
beforeEach(() => fixture.reset());

const get = (path: string) => fetch(fixture.gateway.url + path);
const statusOf = async (path: string) => (await get(path)).status;

const ROUNDS = 24;

describe('many reloads', () => {
  const turn = (round: number) => fixture.mount(round % 2 === 0 ? fixture.later : fixture.former);

  it('fail none of 1,000 requests', async () => {
    const outcomes = new Map<number, number>();
    let isDone = false;
    const ask = async () => {
      while (!isDone) {
        const { status } = await fixture.alice.get('/extra/v1/books/1');
        outcomes.set(status, (outcomes.get(status) ?? 0) + 1);
      }
    };
    const asked = () => outcomes.get(200) ?? 0;
    const clients = Array.from({ length: 8 }, ask);
    try {
      for (let round = 0; round < 20; round++) {
        await expect.poll(asked, { interval: 5 }).toBeGreaterThan(round * 50);
        turn(round);
        await fixture.gateway.gateway.reload();
      }
      await expect.poll(asked).toBeGreaterThan(1_000);
    } finally {
      isDone = true;
      await Promise.all(clients);
    }
    expect([...outcomes.keys()]).toEqual([200]);
  });

  it('that are asked for at once become two: the one under way, and one for all others', async () => {
    const before = (await Scrape.of(fixture.gateway.url)).sum('gateway_reloads_total{outcome="applied"}');
    const first = fixture.gateway.gateway.reload();
    await Promise.resolve();
    await Promise.resolve();
    fixture.mount(fixture.later);
    const reports = await Promise.all([first, ...Array.from({ length: 9 }, () => fixture.gateway.gateway.reload())]);
    expect((await Scrape.of(fixture.gateway.url)).sum('gateway_reloads_total{outcome="applied"}')).toBeLessThanOrEqual(
      before + 2,
    );
    expect(await statusOf('/extra/v1/else/1')).toBe(200);
    expect(new Set(reports.slice(1).map(({ policyRevision }) => policyRevision)).size).toBe(1);
  });

  it('keep nothing of the sets before', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const heapAfter = async (rounds: number) => {
      for (let round = 0; round < rounds; round++) {
        turn(round);
        await fixture.gateway.gateway.reload();
        await get('/extra/v1/books/1');
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
      collect();
      return process.memoryUsage().heapUsed;
    };
    const before = await heapAfter(6);
    const after = await heapAfter(ROUNDS);
    expect((after - before) / ROUNDS).toBeLessThan(50_000);
  });
});
