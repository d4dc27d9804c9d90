import { readRules } from '../ops/metric-names.js';
import { AlertWatch } from './alert-watch.js';
import type { AlertResult, BlockResult, DrillResult } from './result.js';
import type { ExpectedAlert, Scenario } from './scenarios/scenario.js';
import { Site } from './site/site.js';

/** Runs the blocks of the pages whose scenario this is: while the fault is on, or once it is over. */
interface BlockRunner {
  run(when: 'fault' | 'recovery'): Promise<readonly BlockResult[]>;
}

interface Timing {
  firedAfter?: number;
  resolvedAfter?: number;
  failure?: string;
}

/** One scenario from quiet to quiet. What goes wrong is kept for the report, and what can go on goes on. */
class Drill {
  private readonly begun = performance.now();
  private readonly watch: AlertWatch;
  private readonly timings = new Map<ExpectedAlert, Timing>();
  private readonly held: string[] = [];
  private readonly blocks: BlockResult[] = [];
  private readonly failures: string[] = [];

  constructor(
    private readonly site: Site,
    private readonly scenario: Scenario,
    private readonly runbooks: BlockRunner,
  ) {
    this.watch = new AlertWatch(site, scenario);
    for (const expected of scenario.alerts) this.timings.set(expected, {});
  }

  async run(): Promise<DrillResult> {
    await this.attempt(async () => {
      await this.watch.quiet();
      const injectedAt = performance.now();
      await this.site.inject();
      await this.burn(injectedAt);
      const healedAt = performance.now();
      await this.site.heal();
      await this.recover(healedAt);
      await this.watch.calm();
      const others = this.watch.otherPages(injectedAt);
      if (others.length > 0) this.failures.push(`pages that nobody expects: ${others.join(', ')}`);
    });
    return this.result();
  }

  private async burn(since: number): Promise<void> {
    const { silenced = [] } = this.scenario;
    await Promise.all([
      ...[...this.timings].map(([expected, timing]) =>
        note(timing, async () => {
          await this.watch.fired(expected, expected.isConstant ? 0 : since);
          timing.firedAfter = secondsSince(since);
        }),
      ),
      ...silenced.map((name) =>
        this.attempt(async () => {
          await this.watch.silenced(name);
          this.held.push(name);
        }),
      ),
    ]);
    this.blocks.push(...(await this.runbooks.run('fault')));
  }

  private async recover(since: number): Promise<void> {
    const ending = [...this.timings].filter(
      ([{ isConstant }, { firedAfter }]) => !isConstant && firedAfter !== undefined,
    );
    await Promise.all(
      ending.map(([expected, timing]) =>
        note(timing, async () => {
          await this.watch.resolved(expected, since);
          timing.resolvedAfter = secondsSince(since);
        }),
      ),
    );
    this.blocks.push(...(await this.runbooks.run('recovery')));
  }

  private async attempt(act: () => Promise<void>): Promise<void> {
    await act().catch((error: unknown) => this.failures.push(reasonOf(error)));
  }

  private result(): DrillResult {
    const { scenario, timings, held, blocks, failures, begun } = this;
    const alerts = [...timings].map(([expected, timing]) => alertResult(expected, timing));
    const { name, fault } = scenario;
    return { scenario: name, fault, seconds: secondsSince(begun), alerts, silenced: held, blocks, failures };
  }
}

/**
 * Runs a scenario. Rejects only when its site cannot be started.
 * @param openRunbooks opens what runs blocks of runbooks; without it none is run
 */
export async function drill(scenario: Scenario, openRunbooks = noRunbooks): Promise<DrillResult> {
  const site = await Site.start(scenario, {});
  try {
    return await new Drill(site, scenario, await openRunbooks(site)).run();
  } finally {
    await site.close();
  }
}

function noRunbooks(_site: Site): Promise<BlockRunner> {
  return Promise.resolve({ run: () => Promise.resolve([]) });
}

async function note(timing: Timing, act: () => Promise<void>): Promise<void> {
  await act().catch((error: unknown) => (timing.failure = reasonOf(error)));
}

function alertResult({ alert, receiver, labels = {} }: ExpectedAlert, timing: Timing): AlertResult {
  const rules = readRules().filter((rule) => rule.alert === alert);
  const rule = rules.find((each) => labels['long'] === undefined || each.labels?.['long'] === labels['long']);
  const told = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
  return {
    alert: [alert, ...told].join(' '),
    severity: labels['severity'] ?? rule?.labels?.['severity'] ?? '',
    receiver,
    firedAfter: timing.firedAfter,
    resolvedAfter: timing.resolvedAfter,
    failure: timing.failure ?? '',
  };
}

function secondsSince(at: number): number {
  return Math.round((performance.now() - at) / 100) / 10;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
