import { describe, expect, it } from 'vitest';
import { Reloader, type ReloadReport } from './reloader.js';

const REPORT: ReloadReport = {
  settings: [],
  needRestart: ['OPS_PORT'],
  routesAdded: [],
  routesRemoved: [],
  policyRevision: 'a',
  configHash: 'b',
};

function setUp(prepare: () => Promise<() => ReloadReport>) {
  const lines: string[] = [];
  const outcomes: string[] = [];
  const drain = { draining: false };
  const write = (...args: unknown[]) => void lines.push(String(args.at(-1)));
  const reloader = new Reloader({ prepare, explain: () => [{ field: 'LOG_LEVEL', detail: 'LOG_LEVEL: is wrong' }] }, {
    drain,
    logger: { events: { info: write, warn: write, error: write } },
    metrics: { reloads: { count: (outcome: string) => void outcomes.push(outcome) } },
  } as unknown as ConstructorParameters<typeof Reloader>[1]);
  return { reloader, lines, outcomes, drain };
}

describe('a reload', () => {
  it('names what needs a restart', async () => {
    const { reloader, lines } = setUp(() => Promise.resolve(() => REPORT));
    await reloader.reload();
    expect(lines.at(-1)).toBe('reload_needs_restart OPS_PORT needs a restart');
  });

  it('that is refused does not keep the next one from being applied', async () => {
    let tries = 0;
    const { reloader, outcomes } = setUp(() => {
      tries += 1;
      return tries === 1 ? Promise.reject(new Error('x')) : Promise.resolve(() => REPORT);
    });
    const first = reloader.reload();
    await Promise.resolve();
    const second = reloader.reload();
    await expect(first).rejects.toMatchObject({ code: 'FAILED_PRECONDITION' });
    expect(await second).toBe(REPORT);
    expect(outcomes).toEqual(['refused', 'applied']);
  });

  it('reads nothing while the gateway drains, and says so', async () => {
    let isRead = false;
    const { reloader, lines, outcomes, drain } = setUp(() => {
      isRead = true;
      return Promise.resolve(() => REPORT);
    });
    drain.draining = true;
    await expect(reloader.reload()).rejects.toMatchObject({ code: 'DRAINING' });
    expect({ isRead, outcomes }).toEqual({ isRead: false, outcomes: ['draining'] });
    expect(lines).toEqual(['reload_skipped_draining: the former settings and contracts stay in force']);
  });
});
