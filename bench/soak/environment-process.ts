import 'reflect-metadata';
import { startSandbox } from '../../sandbox/environment.js';
import type { LoggedCall } from '../../sandbox/backend/call-log.js';
import type { Answer, UpstreamRequest, ReportedEvent, Seen, EnvironmentOptions } from './environment.js';

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
const wish = JSON.parse(process.argv[2] ?? '{}') as EnvironmentOptions;
const sandbox = await startSandbox({ ...wish, faultServer: false, idp: false });
const tell = sandbox.calls.changed.bind(sandbox.calls);
// The log keeps the last 1,000 calls only; a soak counts all of them.
sandbox.calls.changed = (call) => {
  count(call);
  tell(call);
};

sandbox.calls.onRequest = ({ method }, message) => {
  if (method !== REPORT) return;
  const { events } = message as { events: readonly ReportedEvent[] };
  usage.push(...events.map(({ id, subject }) => ({ id, subject })));
};

async function answer(question: UpstreamRequest): Promise<Answer> {
  switch (question.ask) {
    case 'env':
      return sandbox.gatewayEnv();
    case 'seen':
      return { ...seen };
    case 'usage':
      return usage;
    case 'fault':
      return (await sandbox.setFault(question.upstream, question.fault)).mode;
    case 'tokens': {
      const exp = Math.floor(Date.now() / 1000) + question.lifeSeconds;
      const header = question.unknownKid ? { kid: UNKNOWN_KID } : {};
      const { user, tenants, subjects = [] } = question;
      const claims = (tenant: string | null, at: number) => ({
        exp,
        ...(tenant === null ? {} : { tenant_id: tenant }),
        ...(subjects[at] === undefined ? {} : { sub: subjects[at] }),
      });
      return Promise.all(tenants.map((each, at) => sandbox.issueToken(user, claims(each, at), header)));
    }
    default:
      return question satisfies never;
  }
}

process.on('message', ({ id, question }: { id: number; question: UpstreamRequest }) => {
  answer(question).then(
    (value) => process.send?.({ id, value }),
    (error: unknown) => process.send?.({ id, error: String(error) }),
  );
});
// Its parent is gone or has had enough: nothing may stay behind.
process.once('disconnect', () => void sandbox.close().finally(() => process.exit(0)));
process.on('SIGINT', () => undefined);
