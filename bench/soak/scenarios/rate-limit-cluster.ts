import { TestRedis } from '../../../test/support/redis.js';
import type { SoakTestbed, SoakGateway } from '../testbed.js';
import { exactly, noted, within, type Finding, type Scenario } from '../scenario.js';
import { countOf, describeStatuses, steadyLoad, type LoadFigures } from '../steady-load.js';

const GATEWAYS = 3;
const RPS = 50;
const BURST = 50;
const TIMES_ITS_LIMIT = 5;
const OTHER_RATE = 10;
const SHARE = 0.1;

async function startCluster(testbed: SoakTestbed): Promise<SoakGateway[]> {
  const redis = await TestRedis.start();
  testbed.onClose(() => redis.close());
  const gateways: SoakGateway[] = [];
  for (let n = 0; n < GATEWAYS; n += 1) {
    gateways.push(
      await testbed.gateway({
        REDIS_URL: redis.url,
        GATEWAY_SESSION_KEY: 'the same in all of the gateways of a soak',
        GATEWAY_REPLICAS: String(GATEWAYS),
        RATE_LIMIT_RPS: String(RPS),
        RATE_LIMIT_BURST: String(BURST),
      }),
    );
  }
  return gateways;
}

async function storeErrors(gateways: readonly SoakGateway[]): Promise<number> {
  const all = await Promise.all(gateways.map((each) => each.metrics()));
  return all.reduce((sum, metrics) => sum + (metrics.sum('rate_limit_store_errors_total') || 0), 0);
}

async function run(testbed: SoakTestbed, seconds: number): Promise<Finding[]> {
  const gateways = await startCluster(testbed);
  const load = async (user: string, rate: number, length: number): Promise<LoadFigures> => {
    const headers = { authorization: `Bearer ${await testbed.environment.token(user)}` };
    const urlOf = (index: number) => `${gateways[index % GATEWAYS]?.url ?? ''}/api/v1/users`;
    return steadyLoad({ rate, seconds: length, shot: (index) => ({ url: urlOf(index), headers }) });
  };
  await load('carol@globex.test', OTHER_RATE, 3);
  await load('alice@acme.test', OTHER_RATE, 3);
  const startedAt = performance.now();
  const [greedy, other] = await Promise.all([
    load('alice@acme.test', RPS * TIMES_ITS_LIMIT, seconds),
    load('carol@globex.test', OTHER_RATE, seconds),
  ]);
  const lasted = (performance.now() - startedAt) / 1000;
  return [
    within(
      `requests of the greedy tenant let in by ${GATEWAYS} gateways`,
      countOf(greedy, 200),
      RPS * lasted + BURST,
      SHARE,
    ),
    noted('answers to the greedy tenant', describeStatuses(greedy)),
    exactly('other tenant: 429', countOf(other, 429), 0),
    exactly('other tenant: 200', countOf(other, 200), other.sent),
    noted('p99 of the other tenant', `${other.p99Ms.toFixed(1)} ms`),
    noted('decisions without Redis', String(await storeErrors(gateways))),
  ];
}

/** One count in Redis for all instances. */
export const rateLimitCluster: Scenario = {
  name: 'rate-limit-cluster',
  title: `${GATEWAYS} gateways on one Redis, one tenant at ${TIMES_ITS_LIMIT} × its ${RPS} requests/s, another at ${OTHER_RATE}/s`,
  seconds: 60,
  graceSeconds: 120,
  run,
};
