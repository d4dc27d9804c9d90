import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually, type SoakTestbed, type SoakGateway } from '../testbed.js';
import { exactly, noted, type Finding, type Scenario } from '../scenario.js';
import { describeStatuses, steadyLoad, type LoadFigures } from '../steady-load.js';
import type { ReportedEvent } from '../environment.js';

const RATE = 20;
/** Of the length of the load: when TenantService goes, when the gateway is killed, when TenantService is back. */
const [DOWN, KILLED, BACK] = [1 / 6, 5 / 12, 2 / 3];
const DELIVERED_WITHIN_SECONDS = 90;
const SAMPLE_MS = 500;
const METRIC = 'gateway_budget_debit_outbox_';

/** Pauses short enough that all has arrived soon after the outage. */
const SETTINGS = {
  GATEWAY_BUDGET_DEBIT_MAX_BACKOFF: '5s',
  GATEWAY_CIRCUIT_OPEN: '5s',
  GATEWAY_CIRCUIT_MAX_OPEN: '10s',
};

/** What a run is about: the gateway changes when it is killed. */
interface Stage {
  readonly testbed: SoakTestbed;
  readonly shelf: string;
  gateway: SoakGateway;
  depth: number;
  shelfBytes: number;
  isOver: boolean;
}

const start = ({ testbed, shelf }: Pick<Stage, 'testbed' | 'shelf'>) =>
  testbed.gateway({ ...SETTINGS, GATEWAY_BUDGET_DEBIT_SHELF_DIR: shelf });

async function watch(stage: Stage): Promise<void> {
  for (; !stage.isOver; await pause(SAMPLE_MS)) {
    const metrics = await stage.gateway.metrics().catch(() => undefined);
    stage.depth = Math.max(stage.depth, metrics?.sum(`${METRIC}depth`) ?? 0);
    stage.shelfBytes = Math.max(stage.shelfBytes, metrics?.sum(`${METRIC}shelf_bytes`) ?? 0);
  }
}

/** Takes TenantService away, kills the gateway in the middle, and brings both back. Resolves to when TenantService was back. */
async function outage(stage: Stage, seconds: number): Promise<number> {
  const { environment } = stage.testbed;
  await pause(seconds * DOWN * 1000);
  await environment.setFault('tenant', { mode: 'down' });
  await pause(seconds * (KILLED - DOWN) * 1000);
  const backAt = performance.now() + seconds * (BACK - KILLED) * 1000;
  await stage.gateway.kill();
  stage.gateway = await start(stage);
  await pause(Math.max(backAt - performance.now(), 0));
  await environment.setFault('tenant', { mode: 'none' });
  return performance.now();
}

/** Each request is in a name of its own, so that its event can be told from all others. */
async function ask(stage: Stage, seconds: number): Promise<{ answered: string[]; figures: LoadFigures }> {
  const subjects = Array.from({ length: Math.round(RATE * seconds) }, (_, n) => `caller-${n}`);
  const tokens = await stage.testbed.environment.tokensFor('alice@acme.test', subjects);
  const answered: string[] = [];
  const figures = steadyLoad({
    rate: RATE,
    seconds,
    shot: (index) => ({
      url: `${stage.gateway.url}/api/v1/ai`,
      method: 'POST',
      headers: { authorization: `Bearer ${tokens[index]}`, 'content-type': 'application/json' },
      body: '{"query":"slow 0ms"}',
    }),
    onAnswer: ({ index, status }) => void (status === 200 && answered.push(`caller-${index}`)),
  });
  return { answered, figures: await figures };
}

function accounts(answered: readonly string[], events: readonly ReportedEvent[]): Finding[] {
  const ids = new Map<string, Set<string>>();
  for (const { id, subject } of events) ids.set(subject, (ids.get(subject) ?? new Set()).add(id));
  const arrived = [...ids.values()].reduce((sum, each) => sum + each.size, 0);
  return [
    noted('calls answered', String(answered.length)),
    noted('events arrived', String(arrived)),
    noted('of these answered to nobody: the gateway was killed', String(ids.size - answered.length)),
    noted('events that came again, under the id they had', String(events.length - arrived)),
    exactly('answered calls with more than one event', arrived - ids.size, 0),
    exactly('answered calls whose event was lost', answered.filter((subject) => !ids.has(subject)).length, 0),
  ];
}

async function run(testbed: SoakTestbed, seconds: number): Promise<Finding[]> {
  const shelf = mkdtempSync(join(tmpdir(), 'soak-shelf-'));
  testbed.onClose(() => rmSync(shelf, { recursive: true, force: true }));
  const stage: Stage = {
    testbed,
    shelf,
    gateway: await start({ testbed, shelf }),
    depth: 0,
    shelfBytes: 0,
    isOver: false,
  };
  const watching = watch(stage);
  const [{ answered, figures }, backAt] = await Promise.all([ask(stage, seconds), outage(stage, seconds)]);
  const isEmpty = async () => (await stage.gateway.metrics()).sum(`${METRIC}shelf_bytes`) === 0;
  const hasArrived = await eventually(isEmpty, DELIVERED_WITHIN_SECONDS);
  const settled = (performance.now() - backAt) / 1000;
  stage.isOver = true;
  await watching;
  const metrics = await stage.gateway.metrics();
  return [
    ...accounts(answered, await testbed.environment.usage()),
    exactly('events dropped', metrics.sum(`${METRIC}dropped_total`) + metrics.sum(`${METRIC}4xx_drops_total`), 0),
    noted('highest depth, most bytes on the shelf', `${stage.depth}, ${stage.shelfBytes}`),
    noted('shelf empty after TenantService was back', hasArrived ? `≤ ${settled.toFixed(0)} s` : 'never'),
    noted('answers', describeStatuses(figures)),
  ];
}

/** Usage events survive an outage of TenantService and the death of the gateway in the middle of it. */
export const outboxOutage: Scenario = {
  name: 'outbox-outage',
  title: `${RATE} AI requests/s, TenantService down for half of the time, the gateway killed in the middle of that and started again`,
  seconds: 120,
  graceSeconds: 240,
  run,
};
