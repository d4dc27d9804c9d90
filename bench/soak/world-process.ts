import 'reflect-metadata';
import { startWorld } from '../../sandbox/world.js';
import type { LoggedCall } from '../../sandbox/backend/call-log.js';
import type { Answer, Question, Seen } from './world.js';

const STREAM = '/ai.v1.AIService/StreamQuery';
const UNKNOWN_KID = 'kid-that-nobody-has';

const seen: Seen = { streams: 0, cancelledStreams: 0 };

/** A call is told of when it begins, at each message, and once when it ends. */
function count({ method, messages, outcome, cancelled }: LoggedCall): void {
  if (method !== STREAM) return;
  if (cancelled) seen.cancelledStreams += 1;
  else if (messages === 0 && outcome === null) seen.streams += 1;
}

const world = await startWorld({ faultServer: false, idp: false });
const tell = world.calls.changed.bind(world.calls);
// The log keeps the last 1,000 calls only; a soak counts all of them.
world.calls.changed = (call) => {
  count(call);
  tell(call);
};

async function answer(question: Question): Promise<Answer> {
  switch (question.ask) {
    case 'env':
      return world.gatewayEnv();
    case 'seen':
      return { ...seen };
    case 'fault':
      return (await world.setFault(question.upstream, question.fault)).mode;
    case 'tokens': {
      const exp = Math.floor(Date.now() / 1000) + question.lifeSeconds;
      const header = question.unknownKid ? { kid: UNKNOWN_KID } : {};
      const claims = (tenant: string | null) => (tenant === null ? { exp } : { exp, tenant_id: tenant });
      return Promise.all(question.tenants.map((each) => world.issueToken(question.user, claims(each), header)));
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
