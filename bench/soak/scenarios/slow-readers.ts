import { setTimeout as pause } from 'node:timers/promises';
import { neverReading } from '../ai-clients.js';
import { eventually, type SoakTestbed } from '../testbed.js';
import { atMost, exactly, noted, type Finding, type Scenario } from '../scenario.js';

const CLIENTS = 200;
const MIB_PER_STREAM = 8;
const QUERY = 'stream 100000 tokens of 4096 bytes slow 0ms';
const SETTLED_WITHIN_SECONDS = 15;
const SAMPLE_MS = 500;

/** Settings under which so many streams of one tenant have their place. */
export const MANY_STREAMS = {
  GATEWAY_AI_MAX_CONCURRENT: '2000',
  GATEWAY_TENANT_SHARE_PERCENT: '100',
  GATEWAY_QUEUE_SIZE: '1000',
} as const;

async function run(testbed: SoakTestbed, seconds: number): Promise<Finding[]> {
  const { environment } = testbed;
  const gateway = await testbed.gateway(MANY_STREAMS);
  const token = await environment.token('alice@acme.test');
  const rssBefore = gateway.rssMib;
  const sockets = Array.from({ length: CLIENTS }, () => neverReading(gateway.url, token, QUERY));
  testbed.onClose(() => sockets.forEach((each) => each.destroy()));
  await eventually(async () => (await environment.seen()).streams === CLIENTS, SETTLED_WITHIN_SECONDS);
  let peak = gateway.rssMib;
  for (const end = performance.now() + seconds * 1000; performance.now() < end && gateway.hasSurvived;) {
    await pause(SAMPLE_MS);
    peak = Math.max(peak, gateway.rssMib);
  }
  const held = await gateway.requestsInFlight();
  const { streams, cancelledStreams: early } = await environment.seen();
  sockets.forEach((each) => each.destroy());
  const isBack = await eventually(async () => (await gateway.requestsInFlight()) === 0, SETTLED_WITHIN_SECONDS);
  await eventually(async () => (await environment.seen()).cancelledStreams >= CLIENTS, SETTLED_WITHIN_SECONDS);
  return [
    exactly('streams at the backend', streams, CLIENTS),
    atMost('growth of RSS a stream', (peak - rssBefore) / CLIENTS, MIB_PER_STREAM, 'MiB'),
    noted(
      'RSS before, at most, after',
      [rssBefore, peak, gateway.rssMib].map((each) => `${each.toFixed(0)} MiB`).join(', '),
    ),
    noted('requests in flight while they do not read', String(held)),
    noted('streams ended by the gateway while they do not read', String(early)),
    exactly('gateway alive', Number(gateway.hasSurvived), 1),
    exactly('requests in flight after all are gone', isBack ? 0 : await gateway.requestsInFlight(), 0),
    exactly('cancellations at the backend', (await environment.seen()).cancelledStreams, CLIENTS),
  ];
}

/** Clients that ask for a fast stream and never read it. */
export const slowReaders: Scenario = {
  name: 'slow-readers',
  title: `${CLIENTS} clients that never read a stream of 4 KiB tokens that comes as fast as it can`,
  seconds: 60,
  graceSeconds: 120,
  run,
};
