import type { MessagePort } from 'node:worker_threads';
import { GatewayError } from '../../domain/errors.js';
import type {
  AdminAction,
  AdminCommand,
  AdminInput,
  AdminReply,
  MainMessage,
  WorkerMessage,
  WorkerSettings,
} from './admin-messages.js';
import { Claim } from './claim.js';
import { Inspection } from './profiles/inspection.js';

const NO_INPUT: AdminInput = { params: {}, query: {}, body: {} };
const DEADLINE_MS = 2_000;
/** Added to the deadline of a command, since its result has to reach this thread. */
const GRACE_MS = 1_000;
/** Maximum number of concurrent calls; requests on one connection may be pipelined. */
const MAX_CALLS = 16;
/**
 * Maximum number of lines that wait for the main thread. Beyond it calls are refused: none is carried out without its
 * line.
 */
const MAX_UNLOGGED_LINES = 1_000;

/** The main thread as the worker sees it: runs commands, or does not respond. */
export class MainThread {
  private readonly calls = new Map<number, (reply: AdminReply) => void>();
  private lastId = 0;
  private waitingLines = 0;
  private unlogged = 0;

  /** Inspects the main thread without its cooperation. */
  readonly inspection: Inspection;
  private readonly pings: (() => void)[] = [];

  constructor(
    private readonly port: MessagePort,
    settings: Pick<WorkerSettings, 'gatewayId' | 'blockRate'>,
  ) {
    this.inspection = new Inspection(settings, () => this.ping());
  }

  /** Handles a message of the main thread; returns false for anything but a reply. */
  take(message: MainMessage): boolean {
    if (message.kind === 'logged') this.waitingLines -= 1;
    else if (message.kind === 'pong') this.pings.shift()?.();
    else if (message.kind === 'reply') this.calls.get(message.id)?.(message.reply);
    else return false;
    return true;
  }

  /**
   * Resolves to the body of the response. Rejects with MAIN_THREAD_STALLED when there is none in time; a command that
   * was not begun by then is abandoned.
   */
  async ask(command: AdminCommand, input = NO_INPUT, deadlineMs = DEADLINE_MS): Promise<object> {
    if (this.calls.size >= MAX_CALLS) throw new GatewayError('OVERLOADED', 'Too many calls are in progress.');
    const id = ++this.lastId;
    const claim = new Claim();
    const { promise, resolve, reject } = Promise.withResolvers<AdminReply>();
    const unbegun = setTimeout(() => claim.giveUp() && reject(stalled(deadlineMs)), deadlineMs);
    // A command that has begun has its own deadline in the main thread, unless that is blocked within it.
    const unanswered = setTimeout(() => reject(unfinished(deadlineMs)), 2 * deadlineMs + GRACE_MS);
    this.calls.set(id, resolve);
    this.send({ kind: 'call', id, command, input, deadlineMs, claim: claim.shared });
    try {
      const reply = await promise;
      if ('body' in reply) return reply.body;
      const { code, detail, errors } = reply.refused;
      throw new GatewayError(code, detail, { errors });
    } finally {
      clearTimeout(unbegun);
      clearTimeout(unanswered);
      this.calls.delete(id);
    }
  }

  /** Resolves when the event loop of the main thread handles it. */
  private ping(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.pings.push(resolve);
    this.send({ kind: 'ping' });
    return promise;
  }

  /** Refuses a call that could not be logged. */
  assertLogged(): void {
    if (this.waitingLines < MAX_UNLOGGED_LINES) return;
    this.unlogged += 1;
    throw new GatewayError('OVERLOADED', 'The main thread does not accept log lines, and every call must be logged.');
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

function stalled(deadlineMs: number): GatewayError {
  return new GatewayError(
    'MAIN_THREAD_STALLED',
    `The main thread of the gateway did not answer within ${deadlineMs / 1_000} s: its event loop is blocked. Nothing was done.`,
  );
}

/** Returns the error of a command that has begun but not finished in time. */
export function unfinished(deadlineMs: number): GatewayError {
  return new GatewayError('MAIN_THREAD_STALLED', `It was begun, but has not ended within ${deadlineMs / 1_000} s.`);
}
