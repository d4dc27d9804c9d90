import type { SoakTestbed, SoakGateway } from '../testbed.js';
import { sendElsewhere } from '../elsewhere.js';
import { inTurns } from '../paired.js';
import { atLeast, atMost, exactly, noted, type Finding, type Scenario } from '../scenario.js';
import { countOf, steadyLoad, type LoadFigures } from '../steady-load.js';

const ROUNDS = 3;
const USER_RATE = 50;
const SCRAPE_RATE = 10;
const SCRAPE_MS = 50;
const RATIO = 1.2;
/** What requests from outside can bring about in the sandbox, a little below. */
const LEAST_SERIES = 1_500;
const VERBS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

interface OpenApi {
  readonly paths: Readonly<Record<string, unknown>>;
}

/** Asks for each path with each verb, with and without a token, right and wrong: each outcome is a series. */
async function fillMetrics(gateway: SoakGateway, authorization: string): Promise<void> {
  const { paths } = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as OpenApi;
  const headers = [{}, { authorization }, { authorization, 'x-request-timeout': '1ms' }];
  for (const path of Object.keys(paths)) {
    for (const method of VERBS) {
      for (const each of headers) {
        const response = await fetch(gateway.url + path.replaceAll(/\{\w+\}/g, 'nobody'), { method, headers: each });
        await response.arrayBuffer();
      }
    }
  }
}

async function seriesOf({ url }: SoakGateway): Promise<number> {
  const lines = (await (await fetch(`${url}/metrics`)).text()).split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#')).length;
}

async function run(testbed: SoakTestbed, seconds: number): Promise<Finding[]> {
  const gateway = await testbed.gateway();
  const headers = { authorization: `Bearer ${await testbed.environment.token('alice@acme.test')}` };
  // One of these requests is a sign-out.
  await fillMetrics(gateway, `Bearer ${await testbed.environment.token('bob@acme.test')}`);
  const slice = seconds / (ROUNDS * 2);
  const shot = () => ({ url: `${gateway.url}/api/v1/users`, headers });
  const users = () => steadyLoad({ rate: USER_RATE, seconds: slice, shot });
  await users();
  const scrapes: LoadFigures[] = [];
  const pairs = await inTurns(ROUNDS, users, async () => {
    // A scrape needs no token, and does not mind one.
    const scrape = { url: `${gateway.url}/metrics`, rate: SCRAPE_RATE, seconds: slice, tokens: ['none'] };
    const [good, scraped] = await Promise.all([users(), sendElsewhere(scrape)]);
    scrapes.push(scraped);
    return good;
  });
  const all = [...pairs.quiet, ...pairs.loaded];
  const sum = (figures: readonly LoadFigures[], of: (each: LoadFigures) => number) =>
    figures.reduce((total, each) => total + of(each), 0);
  return [
    atLeast('series', await seriesOf(gateway), LEAST_SERIES),
    exactly(
      'scrapes answered 200',
      sum(scrapes, (each) => countOf(each, 200)),
      sum(scrapes, ({ sent }) => sent),
    ),
    noted('p50 of a scrape, by round', scrapes.map(({ p50Ms }) => `${p50Ms.toFixed(1)} ms`).join(', ')),
    atMost('p99 of a scrape', Math.max(...scrapes.map(({ p99Ms }) => p99Ms)), SCRAPE_MS, 'ms'),
    atMost('p99 of good requests, × quiet', pairs.ratio, RATIO),
    noted('p99 quiet, while scraped', `${pairs.quietP99Ms.toFixed(1)} ms, ${pairs.loadedP99Ms.toFixed(1)} ms`),
    exactly(
      'good requests answered 200',
      sum(all, (each) => countOf(each, 200)),
      sum(all, ({ sent }) => sent),
    ),
  ];
}

/** Metrics with thousands of series, scraped far more often than Prometheus does. */
export const scrapes: Scenario = {
  name: 'scrapes',
  title: `${SCRAPE_RATE} scrapes a second of all series that requests bring about beside ${USER_RATE} good requests/s`,
  seconds: 120,
  graceSeconds: 60,
  run,
};
