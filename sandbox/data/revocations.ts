import { status } from '@grpc/grpc-js';
import { Redis } from 'ioredis';
import { rpcError } from '../backend/rpc-error.js';

/** An access token, as far as it takes to end it. */
export interface IssuedToken {
  readonly jti: string;
  /** Unix seconds. */
  readonly exp: number;
}

/**
 * Publishes to the revocation feed of the gateways, as docs/revocation.md asks of every service that ends credentials.
 * Without Redis there is no feed, and tokens run out by themselves.
 */
export class Revocations {
  readonly #redis: Redis | undefined;

  constructor(redisUrl?: string) {
    if (redisUrl === undefined || redisUrl === '') return;
    this.#redis = new Redis(redisUrl, { lazyConnect: true, maxRetriesPerRequest: 1 });
    // A failed command says it again.
    this.#redis.on('error', () => undefined);
  }

  /**
   * Ends all tokens of a subject that were issued until now: their `token_version` is the time of issue in ms. Throws
   * UNAVAILABLE if no gateway could be notified.
   */
  async endSubject(subject: string): Promise<void> {
    await this.#endOwner('subject', subject);
  }

  /** The same for all tokens of a tenant. */
  async endTenant(tenantId: string): Promise<void> {
    await this.#endOwner('tenant', tenantId);
  }

  /** Ends single tokens. */
  async endTokens(tokens: readonly IssuedToken[]): Promise<void> {
    if (this.#redis === undefined || tokens.length === 0) return;
    const step = this.#redis.multi();
    for (const { jti, exp } of tokens) {
      step.zadd('revoked:tokens', 'GT', exp, jti);
      step.xadd('revoked:feed', 'MAXLEN', '~', 10_000, '*', 'jti', jti, 'exp', exp);
    }
    await publish(step);
  }

  close(): void {
    this.#redis?.disconnect();
  }

  async #endOwner(owner: 'subject' | 'tenant', id: string): Promise<void> {
    if (this.#redis === undefined) return;
    const version = Date.now() + 1;
    const step = this.#redis.multi().hset('revoked:versions', `${owner}:${id}`, version);
    step.xadd('revoked:feed', 'MAXLEN', '~', 10_000, '*', 'owner', owner, 'id', id, 'min_version', version);
    await publish(step);
  }
}

async function publish(step: ReturnType<Redis['multi']>): Promise<void> {
  try {
    await step.exec();
  } catch {
    throw rpcError(status.UNAVAILABLE, 'the revocation feed cannot be reached: try again');
  }
}
