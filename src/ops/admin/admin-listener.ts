import type { Worker } from 'node:worker_threads';
import { formatListenAddress } from '../../config/listen-address.js';
import { isOwnHost } from '../../config/loopback.js';
import type { AdminConfig } from '../../config/schema/admin-settings.js';
import { GatewayError } from '../../domain/errors.js';
import { laterUnlessEnded, type Schedule } from '../../domain/schedule.js';
import type { AdminAudit } from './admin-audit.js';
import type { AdminCommands, AdminAction, AdminReply, WorkerMessage, WorkerSettings } from './admin-messages.js';
import { AdminListenError } from './admin-listen-error.js';
import { AdminThread, type ThreadOwner } from './admin-thread.js';
import { Claim } from './claim.js';
import { unfinished } from './main-thread.js';
import { type DiagnosticsSources, installDiagnostics } from './profiles/diagnostics.js';
import { startWorker, workerSettings } from './start-worker.js';

const FIRST_RESTART_MS = 250;
const MAX_RESTART_MS = 30_000;
/** A thread that ran this long, in ms, did not fail because of its start. */
const SOUND_LIFE_MS = 60_000;

type Call = Extract<WorkerMessage, { kind: 'call' }>;

/** Dependencies of the listener; the last two are for tests. */
export interface ListenerParts {
  readonly commands: AdminCommands;
  readonly audit: AdminAudit;
  /** Data that its thread can read without the help of the main thread; undefined for none. */
  readonly diagnostics?: DiagnosticsSources;
  readonly startWorker?: (settings: WorkerSettings) => Worker;
  readonly schedule?: Schedule;
}

/**
 * HTTP listener for operators. It runs in a worker thread, so that it also responds while the main thread is blocked,
 * which is when it is needed most; commands that show or change the gateway run here, in the main thread. A thread
 * that ends is restarted on the same port, with increasing pauses.
 */
export class AdminListener implements ThreadOwner {
  /** URL with the actual port. */
  url = '';
  private thread: AdminThread | undefined;
  private isClosed = false;
  private cancelRestart: (() => void) | undefined;
  private failures = 0;
  private startedAt = 0;
  private readonly installed: { readonly remove: () => void } | undefined;

  private constructor(
    private settings: WorkerSettings,
    private readonly parts: ListenerParts,
  ) {
    if (parts.diagnostics !== undefined) this.installed = installDiagnostics(settings.gatewayId, parts.diagnostics);
  }

  /** Resolves when it listens. Rejects with AdminListenError, or ConfigError. */
  static async start(config: AdminConfig, parts: ListenerParts): Promise<AdminListener> {
    const settings = await workerSettings(config).catch((error) => AdminListenError.rethrow(error, config));
    const listener = new AdminListener(settings, parts);
    try {
      await listener.launch();
      return listener;
    } catch (error) {
      await listener.close();
      return AdminListenError.rethrow(error, config);
    }
  }

  /** Closes the listener; calls in progress get a moment to end. Idempotent. */
  async close(): Promise<void> {
    this.isClosed = true;
    this.cancelRestart?.();
    await this.thread?.close();
    this.installed?.remove();
  }

  onCall(thread: AdminThread, call: Call): void {
    void this.run(thread, call);
  }

  onAction(thread: AdminThread, action: AdminAction): void {
    this.parts.audit.note(action);
    thread.send({ kind: 'logged' });
  }

  onLost(_thread: AdminThread, error: Error): void {
    this.failures = performance.now() - this.startedAt > SOUND_LIFE_MS ? 0 : this.failures;
    this.restartLater(error);
  }

  private async launch(): Promise<void> {
    const { audit, startWorker: start = startWorker } = this.parts;
    this.startedAt = performance.now();
    this.thread = new AdminThread(start(this.settings), this);
    const port = await this.thread.port();
    const { address, tokenHash } = this.settings;
    this.settings = { ...this.settings, port };
    const addr = formatListenAddress({ host: address, port });
    this.url = `http://${addr}`;
    const postures = { auth_required: tokenHash !== undefined, loopback_only: isOwnHost(address) };
    audit.logger.info({ addr, ...postures }, 'admin_listening');
  }

  private restartLater(error: unknown): void {
    if (this.isClosed) return;
    const pauseMs = Math.min(FIRST_RESTART_MS * 2 ** this.failures, MAX_RESTART_MS);
    this.failures += 1;
    this.parts.audit.lost(error, pauseMs);
    const { schedule = laterUnlessEnded } = this.parts;
    this.cancelRestart = schedule(() => void this.restart(), pauseMs);
  }

  private async restart(): Promise<void> {
    try {
      await this.launch();
    } catch (error) {
      await this.thread?.close();
      this.restartLater(error);
    }
  }

  /** Runs a command, unless its caller has already been told that nothing was done. */
  private async run(thread: AdminThread, { id, claim, ...call }: Call): Promise<void> {
    if (!new Claim(claim).take()) return;
    thread.send({ kind: 'reply', id, reply: await this.replyTo(call) });
  }

  private async replyTo({ command, input, deadlineMs }: Omit<Call, 'id' | 'claim'>): Promise<AdminReply> {
    const { commands, audit } = this.parts;
    try {
      return { body: await inTime(deadlineMs, (signal) => commands[command](input, signal)) };
    } catch (thrown) {
      const { code, detail, errors, cause } = GatewayError.from(thrown);
      if (code === 'INTERNAL') audit.logger.error({ err: cause }, `admin_command_failed command=${command}`);
      return { refused: { code, detail, errors } };
    }
  }
}

/** Runs work with a signal that is aborted at its deadline, and waits no longer than that. */
async function inTime(ms: number, work: (signal: AbortSignal) => object | Promise<object>): Promise<object> {
  const deadline = new AbortController();
  const { promise: expired, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    const error = unfinished(ms);
    deadline.abort(error);
    reject(error);
  }, ms);
  try {
    return await Promise.race([work(deadline.signal), expired]);
  } finally {
    clearTimeout(timer);
  }
}
