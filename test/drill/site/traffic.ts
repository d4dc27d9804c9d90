import { API_KEYS } from '../../../sandbox/auth/credentials.js';
import { PASSWORD } from '../../../sandbox/data/seed.js';
import type { SandboxEnvironment } from '../../../sandbox/environment.js';

const RATE_PER_SECOND = 15;
const MAX_IN_FLIGHT = 200;
const TIMEOUT_MS = 5_000;
/** Before the tokens of the sandbox expire. */
const TOKENS_LAST_MS = 5 * 60_000;

/** A request that a client sends again and again. */
export interface Request {
  readonly path: string;
  /** E-mail address of the caller; nobody unless given. */
  readonly user?: string;
  readonly apiKey?: string;
  /** Client address, if the gateway trusts its proxies. */
  readonly address?: string;
  /** Sent as JSON by POST. */
  readonly body?: unknown;
}

const ALICE = 'alice@acme.test';
const CAROL = 'carol@globex.test';

const BOB = 'bob@acme.test';
/** As many as can sign in once per second in turn without meeting the limit of an identifier. */
const PEOPLE = [ALICE, BOB, CAROL, 'root@platform.test', ...['ada', 'ben', 'chloe', 'dev'].map(ofCrowd)];

/** Callers of two tenants and people who sign in; one request in fifteen asks the AI. */
export const EVERYDAY: readonly Request[] = PEOPLE.flatMap((identifier) => [
  { path: '/api/v1/users?pageSize=3', user: ALICE },
  { path: '/api/v1/users/acme-bob', user: BOB },
  { path: '/api/v1/users/globex-carol', user: CAROL },
  { path: '/api/v1/users/search?query=ada', user: ALICE },
  { path: '/api/v1/tenants/acme', user: ALICE },
  { path: '/api/v1/users/acme-alice', user: ALICE },
  { path: '/api/v1/auth/login', body: { identifier, password: PASSWORD } },
  { path: '/api/v1/users?pageSize=2', user: CAROL },
  { path: '/api/v1/tenants/globex/users', user: CAROL },
  { path: '/api/v1/users/acme-ada.adler', user: ALICE },
  { path: '/api/v1/users?pageSize=5', user: BOB },
  { path: '/api/v1/ai', user: ALICE, body: { query: 'What is new?' } },
  { path: '/api/v1/users/globex-carol', user: CAROL },
  { path: '/api/v1/tenants/acme/config', user: ALICE },
  { path: '/api/v1/auth/tenants/acme/login-config' },
]);

/** The same with services among the callers. */
export const WITH_KEYS: readonly Request[] = EVERYDAY.flatMap((request) => [
  request,
  ...Object.values(API_KEYS).map((apiKey) => ({ path: '/api/v1/users?pageSize=1', apiKey })),
]);

/** Every second request asks the AI. */
export const MOSTLY_AI: readonly Request[] = EVERYDAY.flatMap((request) => [
  request,
  { path: '/api/v1/ai', user: ALICE, body: { query: 'What is new?' } },
]);

/** Most requests ask the AI for something that takes it two seconds. */
export const OVERLOAD: readonly Request[] = EVERYDAY.flatMap((request) => [
  request,
  ...Array.from({ length: 3 }, () => ({ path: '/api/v1/ai', user: ALICE, body: { query: 'slow 2000ms' } })),
]);

/** An address of nobody (RFC 5737). */
export const ADDRESS = '203.0.113.7';

/** Asks the AI for something, and waits for the response. Resolves whatever comes. */
export async function ask(sandbox: SandboxEnvironment, url: string, user: string, query: string): Promise<void> {
  const headers = { authorization: `Bearer ${await sandbox.issueToken(user)}`, 'content-type': 'application/json' };
  const sent = fetch(`${url}/api/v1/ai`, { method: 'POST', headers, body: JSON.stringify({ query }) });
  await sent.then((response) => response.arrayBuffer()).catch(() => undefined);
}

function ofCrowd(name: string): string {
  return `${name}.adler@acme.test`;
}

export interface TrafficOptions {
  /** Base URLs of the gateways that take requests, one after the other. */
  readonly targets: () => readonly string[];
  readonly requests?: readonly Request[];
  /** Requests per second. */
  readonly rate?: number;
}

/** Requests at a constant gentle rate, so that rates and quantiles have values. */
export class Traffic {
  /** Responses so far by status; `0` counts requests without a response. */
  readonly statuses = new Map<number, number>();
  private readonly timer: NodeJS.Timeout;
  private readonly inFlight = new Set<Promise<void>>();
  private readonly tokens = new Map<string, { readonly token: string; readonly at: number }>();
  private readonly stopped = new AbortController();
  private sent = 0;

  constructor(
    private readonly sandbox: SandboxEnvironment,
    private readonly options: TrafficOptions,
  ) {
    this.timer = setInterval(() => this.next(), 1_000 / (options.rate ?? RATE_PER_SECOND));
  }

  /** Resolves when nothing is in flight. Idempotent. */
  async stop(): Promise<void> {
    clearInterval(this.timer);
    this.stopped.abort();
    await Promise.all(this.inFlight);
  }

  private next(): void {
    const targets = this.options.targets();
    const requests = this.options.requests ?? EVERYDAY;
    const request = requests[this.sent % requests.length];
    const target = targets[this.sent % targets.length];
    this.sent += 1;
    if (this.inFlight.size >= MAX_IN_FLIGHT || request === undefined || target === undefined) return;
    const sending = this.send(target, request).then((status) => {
      this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
      this.inFlight.delete(sending);
    });
    this.inFlight.add(sending);
  }

  /** Returns the status, or 0 for none. */
  private async send(target: string, { path, user, apiKey, address, body }: Request): Promise<number> {
    try {
      const response = await fetch(target + path, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          ...(apiKey !== undefined && { 'x-api-key': apiKey }),
          ...(address !== undefined && { 'x-forwarded-for': address }),
          ...(user !== undefined && { authorization: `Bearer ${await this.tokenOf(user)}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.any([this.stopped.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      await response.arrayBuffer();
      return response.status;
    } catch {
      return 0;
    }
  }

  private async tokenOf(user: string): Promise<string> {
    const kept = this.tokens.get(user);
    if (kept !== undefined && performance.now() - kept.at < TOKENS_LAST_MS) return kept.token;
    const token = await this.sandbox.issueToken(user);
    this.tokens.set(user, { token, at: performance.now() });
    return token;
  }
}
