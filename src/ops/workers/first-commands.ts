import { GatewayError } from '../../domain/errors.js';
import type { AdminCommands, AdminCommand, AdminInput } from '../admin/admin-messages.js';
import { mergeResponses, type WorkerResponse } from './merge-responses.js';
import { TO_WORKER } from './messages.js';
import type { WorkerSlot } from './worker-slot.js';

/** Below the 2 s deadline of admin calls. */
const ANSWER_MS = 1_800;

/** How a command is distributed to the workers. */
type Way = 'all' | 'shown' | 'any' | 'first-found' | 'requests';

/**
 * `all`: each worker runs it, or the error names those that did not. `shown`: the responses of the workers that
 * respond are merged. `any`: one worker is asked, since the result is the same in each.
 */
const WAYS: Readonly<Record<Exclude<AdminCommand, 'reload'>, Way>> = {
  'list-circuits': 'shown',
  'open-circuit': 'all',
  'close-circuit': 'all',
  'reset-circuit': 'all',
  'show-routes': 'any',
  'show-upstreams': 'shown',
  'show-limits': 'shown',
  'show-inflight': 'requests',
  'show-config': 'any',
  'show-cache': 'shown',
  'show-sessions': 'any',
  'show-keys': 'shown',
  'show-request': 'first-found',
  'list-requests': 'requests',
  'list-errors': 'shown',
  'set-log-level': 'all',
  'set-rate-limit-dry-run': 'all',
  drain: 'all',
  'page-snapshot': 'shown',
  'dry-run': 'any',
};

/**
 * Returns the admin commands of all workers together.
 * @param reload of all of them.
 */
export function firstCommands(serving: () => readonly WorkerSlot[], reload: () => Promise<object>): AdminCommands {
  const ways = Object.entries(WAYS) as [Exclude<AdminCommand, 'reload'>, Way][];
  const commands = ways.map(([command, way]) => [
    command,
    (input: AdminInput) => DO[way](serving(), { command, input }),
  ]);
  return { ...(Object.fromEntries(commands) as AdminCommands<Exclude<AdminCommand, 'reload'>>), reload };
}

interface Task {
  readonly command: AdminCommand;
  readonly input: AdminInput;
}

type Do = (slots: readonly WorkerSlot[], task: Task) => Promise<object>;

const DO: Readonly<Record<Way, Do>> = {
  all: async (slots, task) => {
    const { answers, refusals } = await askAll(slots, task);
    const [refused] = refusals;
    if (refused === undefined) return mergeResponses(answers);
    const { worker, error } = refused;
    throw new GatewayError(error.code, `Worker ${worker}: ${error.detail}`, { errors: error.errors });
  },
  shown: async (slots, task) => mergeResponses((await askAll(slots, task)).answers),
  any: async (slots, task) => {
    const [slot] = slots;
    if (slot === undefined) throw nobodyServes();
    return ask(slot, task);
  },
  'first-found': async (slots, task) => {
    const answers = await Promise.allSettled(slots.map((slot) => ask(slot, task)));
    const at = answers.findIndex(({ status }) => status === 'fulfilled');
    if (at !== -1) return { ...(answers[at] as PromiseFulfilledResult<object>).value, worker: slots[at]?.number };
    const [first] = answers;
    throw first === undefined ? nobodyServes() : (first as PromiseRejectedResult).reason;
  },
  requests: async (slots, task) => {
    const { workers: _each, ...merged } = mergeResponses((await askAll(slots, task)).answers) as {
      readonly workers: unknown;
      readonly requests: readonly object[];
    };
    const limit = Number(task.input.query['limit']);
    return { ...merged, requests: merged.requests.slice(0, Number.isFinite(limit) ? limit : undefined) };
  },
};

interface Answers {
  readonly answers: readonly WorkerResponse[];
  readonly refusals: readonly { readonly worker: number; readonly error: GatewayError }[];
}

/** Asks all workers. Throws if none responds. */
async function askAll(slots: readonly WorkerSlot[], task: Task): Promise<Answers> {
  const answers: WorkerResponse[] = [];
  const refusals: { worker: number; error: GatewayError }[] = [];
  const asked = slots.map(async (slot) => {
    const worker = slot.number;
    try {
      answers.push({ worker, body: await ask(slot, task) });
    } catch (error) {
      refusals.push({ worker, error: GatewayError.from(error) });
    }
  });
  await Promise.all(asked);
  if (answers.length === 0) throw refusals[0]?.error ?? nobodyServes();
  return { answers: answers.toSorted((one, other) => one.worker - other.worker), refusals };
}

function ask({ link }: WorkerSlot, { command, input }: Task): Promise<object> {
  return link.ask<object>(TO_WORKER.command, { command, input }, ANSWER_MS);
}

function nobodyServes(): GatewayError {
  return new GatewayError('OVERLOADED', 'No worker serves at present.');
}
