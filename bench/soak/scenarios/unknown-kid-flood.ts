import { TcpProxy } from '../../../test/support/tcp-proxy.js';
import type { SoakTestbed, SoakGateway } from '../testbed.js';
import { sendElsewhere } from '../elsewhere.js';
import { inTurns } from '../paired.js';
import { atMost, exactly, noted, type Finding, type Scenario } from '../scenario.js';
import { countOf, describeStatuses, steadyLoad, type LoadFigures } from '../steady-load.js';

const ROUNDS = 3;
const USER_RATE = 50;
const FLOOD_RATE = 500;
const COST_SECONDS = 8;
const PATH = '/api/v1/users';
const TOKENS = 500;
const RATIO = 1.2;
const COOLDOWN_SECONDS = 30;

interface Stage {
  readonly testbed: SoakTestbed;
  readonly gateway: SoakGateway;
  readonly good: string;
  readonly unknown: readonly string[];
  readonly fetches: () => number;
}

async function prepare(testbed: SoakTestbed): Promise<Stage> {
  const { environment } = testbed;
  const jwks = new URL((await environment.env())['JWT_JWKS_URL'] ?? '');
  const counted = await TcpProxy.to(jwks.host);
  testbed.onClose(() => counted.close());
  const gateway = await testbed.gateway({ JWT_JWKS_URL: `http://${counted.address}${jwks.pathname}` });
  const wish = { user: 'alice@acme.test', lifeSeconds: 7_200, unknownKid: true };
  const unknown = await environment.tokens(wish, Array<null>(TOKENS).fill(null));
  return {
    testbed,
    gateway,
    good: await environment.token('alice@acme.test'),
    unknown,
    fetches: () => counted.connections,
  };
}

const users = ({ gateway, good }: Stage, seconds: number): Promise<LoadFigures> => {
  const headers = { authorization: `Bearer ${good}` };
  return steadyLoad({ rate: USER_RATE, seconds, shot: () => ({ url: `${gateway.url}${PATH}`, headers }) });
};

const attackers = ({ gateway, unknown }: Stage, seconds: number): Promise<LoadFigures> =>
  sendElsewhere({ url: `${gateway.url}${PATH}`, rate: FLOOD_RATE, seconds, tokens: unknown });

/** CPU time of the gateway for one request of a load, in µs. */
async function costOf({ gateway }: Stage, send: () => Promise<LoadFigures>): Promise<number> {
  const before = gateway.cpuMicroseconds;
  const { sent } = await send();
  return (gateway.cpuMicroseconds - before) / sent;
}

/** What a refusal costs, by the same sender at the same rate as good requests. */
async function costs(stage: Stage, seconds: number, state: 'up' | 'down'): Promise<Finding[]> {
  await stage.testbed.environment.setFault('jwks', { mode: state === 'up' ? 'none' : 'down' });
  const url = `${stage.gateway.url}${PATH}`;
  const send = (tokens: readonly string[]) => () => sendElsewhere({ url, rate: FLOOD_RATE, seconds, tokens });
  await send(stage.unknown)();
  const good = await costOf(stage, send([stage.good]));
  const refused = await costOf(stage, send(stage.unknown));
  return [
    atMost(`JWKS ${state}: CPU of a refusal, × that of a good request`, refused / good, 1),
    noted(`JWKS ${state}: CPU of a good request, of a refusal`, `${good.toFixed(0)} µs, ${refused.toFixed(0)} µs`),
  ];
}

async function flood(stage: Stage, seconds: number, state: 'up' | 'down'): Promise<Finding[]> {
  await stage.testbed.environment.setFault('jwks', { mode: state === 'up' ? 'none' : 'down' });
  const before = stage.fetches();
  const startedAt = performance.now();
  const floods: LoadFigures[] = [];
  const pairs = await inTurns(
    ROUNDS,
    () => users(stage, seconds),
    async () => {
      const [good, flooding] = await Promise.all([users(stage, seconds), attackers(stage, seconds)]);
      floods.push(flooding);
      return good;
    },
  );
  const allowed = 1 + Math.floor((performance.now() - startedAt) / 1000 / COOLDOWN_SECONDS);
  const all = [...pairs.quiet, ...pairs.loaded];
  const sent = all.reduce((sum, each) => sum + each.sent, 0);
  return [
    atMost(
      `JWKS ${state}: connections for keys (1 a cooldown of ${COOLDOWN_SECONDS} s)`,
      stage.fetches() - before,
      allowed,
    ),
    atMost(`JWKS ${state}: p99 of good users, × quiet`, pairs.ratio, RATIO),
    noted(`JWKS ${state}: p99 quiet, flooded`, `${pairs.quietP99Ms.toFixed(1)} ms, ${pairs.loadedP99Ms.toFixed(1)} ms`),
    exactly(
      `JWKS ${state}: good requests answered 200`,
      all.reduce((sum, each) => sum + countOf(each, 200), 0),
      sent,
    ),
    noted(`JWKS ${state}: answers to the flood, by round`, floods.map(describeStatuses).join('; ')),
  ];
}

async function run(testbed: SoakTestbed, seconds: number): Promise<Finding[]> {
  const stage = await prepare(testbed);
  const slice = seconds / (ROUNDS * 4);
  await users(stage, 3);
  return [
    ...(await costs(stage, COST_SECONDS, 'up')),
    ...(await flood(stage, slice, 'up')),
    ...(await costs(stage, COST_SECONDS, 'down')),
    ...(await flood(stage, slice, 'down')),
  ];
}

/** Tokens whose key nobody has, while keys can be fetched and while they cannot. */
export const unknownKidFlood: Scenario = {
  name: 'unknown-kid-flood',
  title: `${FLOOD_RATE} tokens a second with unknown kids beside ${USER_RATE} good requests a second, JWKS up and then down`,
  seconds: 240,
  graceSeconds: 120,
  run,
};
