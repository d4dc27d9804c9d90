import { setTimeout as pause } from 'node:timers/promises';
import { UNHURRIED, type SoakTestbed, type SoakGateway } from '../testbed.js';
import { median } from '../../harness/statistics.js';
import { atMost, exactly, noted, rounded, type Finding, type Scenario } from '../scenario.js';
import { countOf, describeStatuses, steadyLoad, type LoadFigures, type SeenAnswer } from '../steady-load.js';

const RATE = 200;
const OTHER_RATE = 10;
/** Of the length of the load: when the backend is killed, and when it is back. */
const [KILLED, BACK] = [1 / 8, 3 / 8];
/** A circuit is open for longer than the outage, so that it opens once. */
const OPEN_FOR = 1.5;
/** Default of GATEWAY_GRPC_MAX_BACKOFF. */
const BACKOFF_SECONDS = 5;
const JITTER = 1.1;
/** In which the attempts to connect become rare. */
const FIRST_SECONDS = 3;
const FAST_MS = 50;

interface Story {
  readonly users: LoadFigures;
  readonly others: LoadFigures;
  readonly answers: readonly (SeenAnswer & { readonly at: number })[];
  readonly killedAt: number;
  readonly backAt: number;
}

async function tell(testbed: SoakTestbed, gateway: SoakGateway, seconds: number): Promise<Story> {
  const authorization = `Bearer ${await testbed.environment.token('alice@acme.test')}`;
  const answers: (SeenAnswer & { at: number })[] = [];
  const load = (rate: number, path: string, onAnswer?: (answer: SeenAnswer) => void) =>
    steadyLoad({
      rate,
      seconds,
      shot: () => ({ url: gateway.url + path, headers: { authorization } }),
      ...(onAnswer && { onAnswer }),
    });
  const outage = async () => {
    await pause(seconds * KILLED * 1000);
    const killedAt = Date.now();
    await testbed.environment.setFault('user', { mode: 'down' });
    await pause(seconds * (BACK - KILLED) * 1000);
    await testbed.environment.setFault('user', { mode: 'none' });
    return { killedAt, backAt: Date.now() };
  };
  const [users, others, times] = await Promise.all([
    load(RATE, '/api/v1/users', (answer) => answers.push({ ...answer, at: Date.now() })),
    load(OTHER_RATE, '/api/v1/tenants/acme'),
    outage(),
  ]);
  return { users, others, answers, ...times };
}

function answersOf({ users, answers, killedAt, backAt }: Story, limitSeconds: number): Finding[] {
  const refused = answers.filter(({ status, at }) => status === 503 && at >= killedAt && at < backAt);
  const firstAt = answers.find(({ status, at }) => status === 200 && at >= backAt)?.at ?? Number.NaN;
  return [
    exactly('requests to the backend answered with 200 or 503', countOf(users, 200) + countOf(users, 503), users.sent),
    noted('answers', describeStatuses(users)),
    atMost('median time of a 503 while it is away', median(refused.map(({ ms }) => ms)), FAST_MS, 'ms'),
    atMost('first success after it was back', (firstAt - backAt) / 1000, limitSeconds, 's'),
  ];
}

async function run(testbed: SoakTestbed, seconds: number): Promise<Finding[]> {
  const outage = seconds * (BACK - KILLED);
  const open = Math.max(outage * OPEN_FOR, 1);
  const gateway = await testbed.gateway({ ...UNHURRIED, GATEWAY_CIRCUIT_OPEN: `${Math.round(open * 1000)}ms` });
  const port = Number((await testbed.environment.env())['USER_SERVICE_URL']?.split(':').at(-1));
  const story = await tell(testbed, gateway, seconds);
  const metrics = await gateway.metrics();
  const transitions = (to: string) => metrics.sum('gateway_circuit_transitions_total', `upstream="user",to="${to}"`);
  const late = gateway.connectsTo(port, story.killedAt + FIRST_SECONDS * 1000).filter((at) => at < story.backAt);
  const early = gateway.connectsTo(port, story.killedAt).filter((at) => at < story.backAt).length - late.length;
  return [
    ...answersOf(story, open * JITTER + BACKOFF_SECONDS),
    exactly('times that the circuit opened', transitions('open'), 1),
    noted('changes of the circuit to half-open, to closed', `${transitions('half_open')}, ${transitions('closed')}`),
    atMost(
      `attempts to connect a second while it is away, after ${FIRST_SECONDS} s`,
      late.length / Math.max(outage - FIRST_SECONDS, 1),
      1,
    ),
    noted(`attempts to connect in the first ${FIRST_SECONDS} s, and later`, `${early}, ${late.length}`),
    exactly('requests to other backends answered 200', countOf(story.others, 200), story.others.sent),
    noted('answers of other backends', describeStatuses(story.others)),
    noted('length of the outage', `${rounded(outage)} s`),
  ];
}

/** The only backend of a service is killed under load and comes back. */
export const backendRestart: Scenario = {
  name: 'backend-restart',
  title: `${RATE} user requests/s, the user backend killed for a quarter of the time, ${OTHER_RATE} tenant requests/s beside`,
  seconds: 80,
  graceSeconds: 90,
  run,
};
