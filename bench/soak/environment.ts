import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultInput } from '../../sandbox/faults/fault.js';

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 5_000;
const TOKENS_AT_ONCE = 500;

/** What AIService has seen since it was started. */
export interface Seen {
  streams: number;
  cancelledStreams: number;
}

/** How the backends are to be. */
export interface EnvironmentOptions {
  /** Age at which they ask for a connection to be ended. */
  readonly maxConnectionAgeMs?: number;
}

/** Who can be given a fault. */
export type Faulty = 'ai' | 'jwks' | 'tenant' | 'user';

/** A usage event as TenantService was sent it, once for each time. */
export interface ReportedEvent {
  readonly id: string;
  readonly subject: string;
}

/** What the process of the sandbox may be asked. */
export type UpstreamRequest =
  | { readonly ask: 'env' }
  | { readonly ask: 'seen' }
  | { readonly ask: 'usage' }
  | { readonly ask: 'fault'; readonly upstream: Faulty; readonly fault: FaultInput }
  | {
      readonly ask: 'tokens';
      readonly user: string;
      /** One token each; null is the user's own. */
      readonly tenants: readonly (string | null)[];
      /** Names of the callers in place of the user's own, one a token. */
      readonly subjects?: readonly string[];
      readonly lifeSeconds: number;
      readonly unknownKid: boolean;
    };

export type Answer = Seen | string | string[] | ReportedEvent[] | Record<string, string>;

interface Reply {
  readonly id: number;
  readonly value?: Answer;
  readonly error?: string;
}

/** How the tokens are to be. */
export interface TokenWish {
  readonly user: string;
  readonly lifeSeconds: number;
  readonly unknownKid?: boolean;
}

/** The sandbox in a process of its own, so that its work is not that of the load. */
export class SoakEnvironment {
  private readonly waiting = new Map<number, { resolve: (value: Answer) => void; reject: (error: Error) => void }>();
  private next = 0;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (reply: Reply) => this.settle(reply));
    child.once('exit', (code) => this.giveUp(`the sandbox has ended (${code})`));
  }

  /** @param outputFile where the sandbox's own output goes. Rejects when it is not up in 30 s. */
  static async start(outputFile: string, wish: EnvironmentOptions): Promise<SoakEnvironment> {
    const output = openSync(outputFile, 'a');
    const child = fork(join(import.meta.dirname, 'environment-process.ts'), [JSON.stringify(wish)], {
      execArgv: ['--import', '@oxc-node/core/register'],
      stdio: ['ignore', output, output, 'ipc'],
    });
    closeSync(output);
    const environment = new SoakEnvironment(child);
    const timer = setTimeout(() => environment.giveUp(`no sandbox within ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
    try {
      await environment.env();
      return environment;
    } catch (error) {
      await environment.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The settings with which a gateway finds it. */
  async env(): Promise<Record<string, string>> {
    return (await this.ask({ ask: 'env' })) as Record<string, string>;
  }

  async seen(): Promise<Seen> {
    return (await this.ask({ ask: 'seen' })) as Seen;
  }

  /** All usage events that have arrived at TenantService, in their order. */
  async usage(): Promise<ReportedEvent[]> {
    return (await this.ask({ ask: 'usage' })) as ReportedEvent[];
  }

  async setFault(upstream: Faulty, fault: FaultInput): Promise<void> {
    await this.ask({ ask: 'fault', upstream, fault });
  }

  /** One token a tenant, in the same order; null is the user's own tenant. */
  async tokens(wish: TokenWish, tenants: readonly (string | null)[]): Promise<string[]> {
    const tokens: string[] = [];
    for (let from = 0; from < tenants.length; from += TOKENS_AT_ONCE) {
      const some = tenants.slice(from, from + TOKENS_AT_ONCE);
      tokens.push(...((await this.ask({ ask: 'tokens', unknownKid: false, ...wish, tenants: some })) as string[]));
    }
    return tokens;
  }

  /** A token of a user for each name, in that name. */
  async tokensFor(user: string, subjects: readonly string[]): Promise<string[]> {
    const tokens: string[] = [];
    for (let from = 0; from < subjects.length; from += TOKENS_AT_ONCE) {
      const some = subjects.slice(from, from + TOKENS_AT_ONCE);
      const wish = { user, lifeSeconds: 7_200, unknownKid: false, tenants: some.map(() => null), subjects: some };
      tokens.push(...((await this.ask({ ask: 'tokens', ...wish })) as string[]));
    }
    return tokens;
  }

  /** A token of a user in his own tenant. */
  async token(user: string): Promise<string> {
    const [token] = await this.tokens({ user, lifeSeconds: 7_200 }, [null]);
    return token as string;
  }

  /** Idempotent; by force after five seconds. */
  async close(): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    if (child.connected) child.disconnect();
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(force);
  }

  private ask(question: UpstreamRequest): Promise<Answer> {
    if (!this.child.connected) return Promise.reject(new Error('the sandbox has ended'));
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.child.send({ id, question });
    });
  }

  private settle({ id, value, error }: Reply): void {
    const waiter = this.waiting.get(id);
    this.waiting.delete(id);
    if (error !== undefined) waiter?.reject(new Error(error));
    else waiter?.resolve(value as Answer);
  }

  private giveUp(reason: string): void {
    for (const { reject } of this.waiting.values()) reject(new Error(reason));
    this.waiting.clear();
  }
}
