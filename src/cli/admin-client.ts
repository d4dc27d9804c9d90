import { fetchBounded, FetchFailure } from './fetch-bounded.js';

/** Address and token of the admin listener of a running gateway. */
export interface AdminTarget {
  /** Origin of the admin listener: `http://127.0.0.1:6060`. */
  readonly url: string;
  /** GATEWAY_ADMIN_AUTH_TOKEN; undefined: none. */
  readonly token: string | undefined;
}

/** Calls the admin listener of a running gateway. */
export class AdminClient {
  constructor(
    private readonly target: AdminTarget,
    private readonly timeoutMs: number,
  ) {}

  /** Fetches the JSON at a path. Rejects with FetchFailure, also for any status but 200. */
  async json(path: string): Promise<unknown> {
    const { status, body } = await this.get(path);
    const value = parse(body);
    if (status === 200) return value;
    const { detail } = (value ?? {}) as { detail?: unknown };
    throw this.failure(status, typeof detail === 'string' ? detail : '');
  }

  /** Sends a POST and resolves to its status and JSON. Rejects with FetchFailure when the gateway cannot be reached or rejects the token. */
  async post(path: string): Promise<{ readonly status: number; readonly body: unknown }> {
    const { status, body } = await this.send(path, 'POST');
    const answer = parse(body);
    if (status === 401 || answer === undefined) throw this.failure(status, '');
    return { status, body: answer };
  }

  /** Fetches the bytes at a path. Rejects with FetchFailure for any status but 200. */
  async bytes(path: string, timeoutMs = this.timeoutMs): Promise<Buffer> {
    const { status, body } = await this.get(path, timeoutMs);
    if (status === 200) return body;
    throw this.failure(status, '');
  }

  private failure(status: number, detail: string): FetchFailure {
    const said = detail === '' ? `the admin listener answered ${status}` : detail;
    return new FetchFailure(status === 401 ? this.hintForToken() : said, status);
  }

  private hintForToken(): string {
    if (this.target.token === undefined) {
      return 'the admin listener requires a token: set GATEWAY_ADMIN_AUTH_TOKEN, with --env in that file';
    }
    return 'the admin listener rejects this token: compare GATEWAY_ADMIN_AUTH_TOKEN with that of the gateway';
  }

  private get(path: string, timeoutMs = this.timeoutMs) {
    return this.send(path, 'GET', timeoutMs);
  }

  private send(path: string, method: 'GET' | 'POST', timeoutMs = this.timeoutMs) {
    const { url, token } = this.target;
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return fetchBounded(url.replace(/\/$/, '') + path, { method, headers, timeoutMs });
  }
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}
