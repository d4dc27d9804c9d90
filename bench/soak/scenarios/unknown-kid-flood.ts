import { Road } from '../../../test/support/road.js';
import type { SoakArena, SoakGateway } from '../arena.js';
import { inTurns } from '../paired.js';
import { atMost, exactly, noted, type Finding, type Scenario } from '../scenario.js';
import { countOf, describeStatuses, steadyLoad, type LoadFigures } from '../steady-load.js';

const ROUNDS = 3;
const USER_RATE = 50;
const FLOOD_RATE = 200;
const TOKENS = 500;
const RATIO = 1.2;
const COOLDOWN_SECONDS = 30;

interface Stage {
  readonly arena: SoakArena;
  readonly gateway: SoakGateway;
  readonly good: string;
  readonly unknown: readonly string[];
  readonly fetches: () => number;
}

async function prepare(arena: SoakArena): Promise<Stage> {
  const { world } = arena;
  const jwks = new URL((await world.env())['JWT_JWKS_URL'] ?? '');
  const counted = await Road.to(jwks.host);
  arena.onClose(() => counted.close());
  const gateway = await arena.gateway({ JWT_JWKS_URL: `http://${counted.address}${jwks.pathname}` });
  const wish = { user: 'alice@acme.test', lifeSeconds: 7_200, unknownKid: true };
  const unknown = await world.tokens(wish, Array<null>(TOKENS).fill(null));
  return { arena, gateway, good: await world.token('alice@acme.test'), unknown, fetches: () => counted.connections };
}

function load({ gateway, good, unknown }: Stage, who: 'users' | 'flood', seconds: number): Promise<LoadFigures> {
  const url = `${gateway.url}/api/v1/users`;
  const tokenOf = who === 'users' ? () => good : (index: number) => unknown[index % unknown.length] ?? '';
  const rate = who === 'users' ? USER_RATE : FLOOD_RATE;
  return steadyLoad({
    rate,
    seconds,
    shot: (index) => ({ url, headers: { authorization: `Bearer ${tokenOf(index)}` } }),
  });
}

async function flood(stage: Stage, seconds: number, state: 'up' | 'down'): Promise<Finding[]> {
  await stage.arena.world.setFault('jwks', { mode: state === 'up' ? 'none' : 'down' });
  const before = stage.fetches();
  const startedAt = performance.now();
  const floods: LoadFigures[] = [];
  const pairs = await inTurns(
    ROUNDS,
    () => load(stage, 'users', seconds),
    async () => {
      const [users, attackers] = await Promise.all([load(stage, 'users', seconds), load(stage, 'flood', seconds)]);
      floods.push(attackers);
      return users;
    },
  );
  const allowed = 1 + Math.floor((performance.now() - startedAt) / 1000 / COOLDOWN_SECONDS);
  const users = [...pairs.quiet, ...pairs.loaded];
  const sent = users.reduce((sum, each) => sum + each.sent, 0);
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
      users.reduce((sum, each) => sum + countOf(each, 200), 0),
      sent,
    ),
    noted(`JWKS ${state}: answers to the flood, by round`, floods.map(describeStatuses).join('; ')),
  ];
}

async function run(arena: SoakArena, seconds: number): Promise<Finding[]> {
  const stage = await prepare(arena);
  const slice = seconds / (ROUNDS * 4);
  await load(stage, 'users', 3);
  return [...(await flood(stage, slice, 'up')), ...(await flood(stage, slice, 'down'))];
}

/** Tokens whose key nobody has, while keys can be fetched and while they cannot. */
export const unknownKidFlood: Scenario = {
  name: 'unknown-kid-flood',
  title: '200 tokens a second with unknown kids beside 50 good requests a second, JWKS up and then down',
  seconds: 240,
  graceSeconds: 90,
  run,
};
