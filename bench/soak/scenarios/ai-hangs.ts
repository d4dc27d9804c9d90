import type { SoakTestbed } from '../testbed.js';
import { inTurns } from '../paired.js';
import { atMost, exactly, noted, type Finding, type Scenario } from '../scenario.js';
import { countOf, describeStatuses, steadyLoad, type LoadFigures } from '../steady-load.js';

const ROUNDS = 3;
const USER_RATE = 100;
const AI_RATE = 20;
const RATIO = 1.2;

async function run(testbed: SoakTestbed, seconds: number): Promise<Finding[]> {
  const { environment } = testbed;
  const gateway = await testbed.gateway();
  const authorization = `Bearer ${await environment.token('alice@acme.test')}`;
  const users = (length: number) =>
    steadyLoad({
      rate: USER_RATE,
      seconds: length,
      shot: () => ({ url: `${gateway.url}/api/v1/users`, headers: { authorization } }),
    });
  const headers = { authorization, 'content-type': 'application/json' };
  const ai = (length: number) =>
    steadyLoad({
      rate: AI_RATE,
      seconds: length,
      shot: () => ({ url: `${gateway.url}/api/v1/ai`, method: 'POST', headers, body: '{"query":"slow 0ms"}' }),
    });
  const slice = seconds / (2 * ROUNDS);
  const hung: Promise<LoadFigures>[] = [];
  const quiet = async () => {
    await environment.setFault('ai', { mode: 'none' });
    await Promise.all(hung);
    const healthy = ai(slice);
    const figures = await users(slice);
    await healthy;
    return figures;
  };
  const loaded = async () => {
    await environment.setFault('ai', { mode: 'hang' });
    hung.push(ai(slice));
    return users(slice);
  };
  await Promise.all([users(3), ai(3)]);
  const pairs = await inTurns(ROUNDS, quiet, loaded);
  const figures = [...pairs.quiet, ...pairs.loaded];
  return [
    exactly(
      'user requests answered 200',
      figures.reduce((sum, each) => sum + countOf(each, 200), 0),
      figures.reduce((sum, each) => sum + each.sent, 0),
    ),
    atMost('p99 of user requests while AI hangs, × while it answers', pairs.ratio, RATIO),
    noted('p99 while AI answers, hangs', `${pairs.quietP99Ms.toFixed(1)} ms, ${pairs.loadedP99Ms.toFixed(1)} ms`),
    noted('answers of AI while it hangs, by round', (await Promise.all(hung)).map(describeStatuses).join('; ')),
  ];
}

/** One backend that hangs must not be felt on the routes of the others. */
export const aiHangs: Scenario = {
  name: 'ai-hangs',
  title: `${USER_RATE} user requests/s while ${AI_RATE} AI requests/s are answered and while they hang`,
  seconds: 180,
  graceSeconds: 120,
  run,
};
