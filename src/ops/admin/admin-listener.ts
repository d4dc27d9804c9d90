import { setTimeout as wait } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import type { AdminConfig } from '../../config/gateway-config.js';
import { formatListenAddress } from '../../config/listen-address.js';
import { isOwnHost } from '../../config/loopback.js';
import { GatewayError } from '../../domain/errors.js';
import type { AdminAudit } from './admin-audit.js';
import { AdminListenError } from './admin-listen-error.js';
import type { AdminReply, MainMessage, WorkerMessage } from './admin-messages.js';
import type { AdminCommands } from './admin-commands.js';
import { Claim } from './claim.js';
import { unfinished } from './main-thread.js';
import { startWorker, workerSettings } from './start-worker.js';

const START_MS = 30_000;
const CLOSE_MS = 1_000;

type Call = Extract<WorkerMessage, { kind: 'call' }>;

/**
 * HTTP for operators. It is in a worker thread, so that it answers also while the main thread is blocked, which is when
 * it is needed most; what shows or changes the gateway is done here, in the main thread.
 */
export class AdminListener {
  /** Where it listens, with the port that was really taken. */
  url = '';
  private readonly started = Promise.withResolvers<number>();
  private readonly ended = Promise.withResolvers<void>();
  private isOver = false;

  private constructor(
    private readonly worker: Worker,
    private readonly commands: AdminCommands,
    private readonly audit: AdminAudit,
  ) {
    worker.on('message', (message: WorkerMessage) => this.take(message));
    worker.on('error', (error) => this.lose(error));
    worker.on('exit', () => {
      this.ended.resolve();
      this.lose(new Error('the thread of the admin listener ended'));
    });
  }

  /** Resolves when it listens. Rejects with AdminListenError, or ConfigError. */
  static async start(config: AdminConfig, commands: AdminCommands, audit: AdminAudit): Promise<AdminListener> {
    const settings = await workerSettings(config).catch((error) => AdminListenError.rethrow(error, config));
    const listener = new AdminListener(startWorker(settings), commands, audit);
    try {
      const port = await listener.port();
      const addr = formatListenAddress({ host: settings.address, port });
      listener.url = `http://${addr}`;
      const postures = { auth_required: config.token !== undefined, loopback_only: isOwnHost(settings.address) };
      audit.logger.info({ addr, ...postures }, 'admin_listening');
      return listener;
    } catch (error) {
      await listener.close();
      return AdminListenError.rethrow(error, config);
    }
  }

  /** Lets calls under way end, for a moment. Idempotent. */
  async close(): Promise<void> {
    this.isOver = true;
    this.send({ kind: 'close' });
    const timeout = new AbortController();
    await Promise.race([
      this.ended.promise,
      wait(CLOSE_MS, undefined, { signal: timeout.signal }).catch(() => undefined),
    ]);
    timeout.abort();
    await this.worker.terminate();
  }

  private async port(): Promise<number> {
    const timer = setTimeout(() => this.started.reject(new Error('it takes too long')), START_MS);
    const port = await this.started.promise.finally(() => clearTimeout(timer));
    // The gateway lives as long as its own server does.
    this.worker.unref();
    return port;
  }

  private take(message: WorkerMessage): void {
    switch (message.kind) {
      case 'listening':
        return this.started.resolve(message.port);
      case 'failed':
        return this.started.reject(Object.assign(new Error(message.message), { code: message.code }));
      case 'call':
        return void this.run(message);
      case 'action':
        this.audit.note(message.action);
        return this.send({ kind: 'logged' });
    }
  }

  /** Unless its caller has been told already that nothing was done. */
  private async run({ id, claim, ...call }: Call): Promise<void> {
    if (!new Claim(claim).take()) return;
    this.send({ kind: 'reply', id, reply: await this.replyTo(call) });
  }

  private async replyTo({ command, input, deadlineMs }: Omit<Call, 'id' | 'claim'>): Promise<AdminReply> {
    try {
      return { body: await inTime(deadlineMs, (signal) => this.commands[command](input, signal)) };
    } catch (thrown) {
      const { code, detail, errors, cause } = GatewayError.from(thrown);
      if (code === 'INTERNAL') this.audit.logger.error({ err: cause }, `admin_command_failed command=${command}`);
      return { refused: { code, detail, errors } };
    }
  }

  private lose(error: unknown): void {
    this.started.reject(error);
    if (!this.isOver && this.url !== '') this.audit.logger.error({ err: error }, 'admin_listener_lost');
    this.isOver = true;
  }

  private send(message: MainMessage): void {
    this.worker.postMessage(message);
  }
}

/** Gives work a signal that is aborted at its deadline, and waits no longer than that. */
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
