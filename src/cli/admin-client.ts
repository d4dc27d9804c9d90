import { fetchBounded, FetchFailure } from './fetch-bounded.js';

/** Where a running gateway is asked, and with which token. */
export interface AdminTarget {
  /** Of the admin listener: `http://127.0.0.1:6060`. */
  readonly url: string;
  /** GATEWAY_ADMIN_AUTH_TOKEN; undefined: none. */
  readonly token: string | undefined;
}

/** Asks the admin listener of a running gateway. */
export class AdminClient {
  constructor(
    private readonly target: AdminTarget,
    private readonly timeoutMs: number,
  ) {}

  /** The JSON at a path. Rejects with FetchFailure, also for any status but 200. */
  async json(path: string): Promise<unknown> {
    const { status, body } = await this.get(path);
    const value = parse(body);
    if (status === 200) return value;
    const { detail } = (value ?? {}) as { detail?: unknown };
    throw new FetchFailure(hintFor(status, typeof detail === 'string' ? detail : ''), status);
  }

  /** The same, undefined where this gateway has no such path, or does not answer. */
  async jsonOrNothing(path: string): Promise<unknown> {
    return this.json(path).catch(() => undefined);
  }

  /** Bytes at a path. Rejects with FetchFailure for any status but 200. */
  async bytes(path: string, timeoutMs = this.timeoutMs): Promise<Buffer> {
    const { status, body } = await this.get(path, timeoutMs);
    if (status === 200) return body;
    throw new FetchFailure(hintFor(status, ''), status);
  }

  private get(path: string, timeoutMs = this.timeoutMs) {
    const { url, token } = this.target;
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return fetchBounded(url.replace(/\/$/, '') + path, { headers, timeoutMs });
  }
}

function hintFor(status: number, detail: string): string {
  if (status === 401) return 'the admin listener asks for a token: set GATEWAY_ADMIN_AUTH_TOKEN';
  return detail === '' ? `the admin listener answered ${status}` : detail;
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
