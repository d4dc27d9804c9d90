import type { TestGateway } from './gateway.js';

/** A caller with a token of one sandbox user. */
export class Client {
  constructor(
    private readonly url: string,
    readonly token: string,
  ) {}

  static async of(gateway: TestGateway, user: string): Promise<Client> {
    return new Client(gateway.url, await gateway.sandbox.issueToken(user));
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.send('GET', path, undefined, headers);
  }

  /** Posts JSON until the signal says otherwise. */
  sendWith(signal: AbortSignal, path: string, body: unknown): Promise<Response> {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' };
    return fetch(this.url + path, { method: 'POST', headers, body: JSON.stringify(body), signal });
  }

  /** A string is sent as it is, anything else as JSON. */
  send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return fetch(this.url + path, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  }
}
