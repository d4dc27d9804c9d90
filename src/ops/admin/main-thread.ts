import type { MessagePort } from 'node:worker_threads';
import { GatewayError } from '../../domain/errors.js';
import type {
  AdminAction,
  AdminCommand,
  AdminParams,
  AdminReply,
  MainMessage,
  WorkerMessage,
} from './admin-messages.js';
import { Claim } from './claim.js';

const DEADLINE_MS = 2_000;
/** Calls under way at once; requests on one connection may be sent without waiting for answers. */
const MAX_CALLS = 16;
/** Lines that wait for the main thread. Beyond it calls are refused: none is done without its line. */
const MAX_UNLOGGED_LINES = 1_000;

/** The main thread as the worker sees it: does what it is asked to, or does not answer. */
export class MainThread {
  private readonly calls = new Map<number, (reply: AdminReply) => void>();
  private lastId = 0;
  private waitingLines = 0;
  private unlogged = 0;

  constructor(private readonly port: MessagePort) {}

  /** Takes a message from it; false when it is not an answer. */
  take(message: MainMessage): boolean {
    if (message.kind === 'logged') this.waitingLines -= 1;
    else if (message.kind === 'reply') this.calls.get(message.id)?.(message.reply);
    else return false;
    return true;
  }

  /** Resolves to the body of the answer. Rejects with MAIN_THREAD_STALLED when there is none in time; then nothing is done. */
  async ask(command: AdminCommand, params: AdminParams): Promise<object> {
    if (this.calls.size >= MAX_CALLS) throw new GatewayError('OVERLOADED', 'Too many calls are under way.');
    const id = ++this.lastId;
    const claim = new Claim();
    const { promise, resolve, reject } = Promise.withResolvers<AdminReply>();
    const deadline = setTimeout(() => claim.giveUp() && reject(stalled()), DEADLINE_MS);
    this.calls.set(id, resolve);
    this.send({ kind: 'call', id, command, params, claim: claim.shared });
    try {
      const reply = await promise;
      if ('body' in reply) return reply.body;
      throw new GatewayError(reply.refused.code, reply.refused.detail);
    } finally {
      clearTimeout(deadline);
      this.calls.delete(id);
    }
  }

  /** Refuses a call that could not be logged. */
  assertLogged(): void {
    if (this.waitingLines < MAX_UNLOGGED_LINES) return;
    this.unlogged += 1;
    throw new GatewayError('OVERLOADED', 'The main thread does not take log lines, and no call is done without one.');
  }

  /** Has a call logged. */
  log(action: Omit<AdminAction, 'unlogged'>): void {
    if (this.waitingLines >= MAX_UNLOGGED_LINES) return;
    this.waitingLines += 1;
    this.send({ kind: 'action', action: { ...action, unlogged: this.unlogged } });
    this.unlogged = 0;
  }

  send(message: WorkerMessage): void {
    this.port.postMessage(message);
  }
}

function stalled(): GatewayError {
  const seconds = DEADLINE_MS / 1_000;
  return new GatewayError(
    'MAIN_THREAD_STALLED',
    `The main thread of the gateway did not answer within ${seconds} s: its event loop is blocked. Nothing was done.`,
  );
}
