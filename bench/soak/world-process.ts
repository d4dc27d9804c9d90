import 'reflect-metadata';
import { startWorld } from '../../sandbox/world.js';
import type { LoggedCall } from '../../sandbox/backend/call-log.js';
import type { Answer, Question, ReportedEvent, Seen, WorldWish } from './world.js';

const REPORT = '/tenant.v1.TenantService/ReportUsage';
const STREAM = '/ai.v1.AIService/StreamQuery';
const UNKNOWN_KID = 'kid-that-nobody-has';

const seen: Seen = { streams: 0, cancelledStreams: 0 };

/** A call is told of when it begins, at each message, and once when it ends. */
function count({ method, messages, outcome, cancelled }: LoggedCall): void {
  if (method !== STREAM) return;
  if (cancelled) seen.cancelledStreams += 1;
  else if (messages === 0 && outcome === null) seen.streams += 1;
}

const usage: ReportedEvent[] = [];
const wish = JSON.parse(process.argv[2] ?? '{}') as WorldWish;
const world = await startWorld({ ...wish, faultServer: false, idp: false });
const tell = world.calls.changed.bind(world.calls);
// The log keeps the last 1,000 calls only; a soak counts all of them.
world.calls.changed = (call) => {
  count(call);
  tell(call);
};

world.calls.onRequest = ({ method }, message) => {
  if (method !== REPORT) return;
  const { events } = message as { events: readonly ReportedEvent[] };
  usage.push(...events.map(({ id, subject }) => ({ id, subject })));
};

async function answer(question: Question): Promise<Answer> {
  switch (question.ask) {
    case 'env':
      return world.gatewayEnv();
    case 'seen':
      return { ...seen };
    case 'usage':
      return usage;
    case 'fault':
      return (await world.setFault(question.upstream, question.fault)).mode;
    case 'tokens': {
      const exp = Math.floor(Date.now() / 1000) + question.lifeSeconds;
      const header = question.unknownKid ? { kid: UNKNOWN_KID } : {};
      const { user, tenants, subjects = [] } = question;
      const claims = (tenant: string | null, at: number) => ({
        exp,
        ...(tenant === null ? {} : { tenant_id: tenant }),
        ...(subjects[at] === undefined ? {} : { sub: subjects[at] }),
      });
      return Promise.all(tenants.map((each, at) => world.issueToken(user, claims(each, at), header)));
    }
    default:
      return question satisfies never;
  }
}

process.on('message', ({ id, question }: { id: number; question: Question }) => {
  answer(question).then(
    (value) => process.send?.({ id, value }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});
// Its parent is gone or has had enough: nothing may stay behind.
process.once('disconnect', () => void world.close().finally(() => process.exit(0)));
process.on('SIGINT', () => undefined);
