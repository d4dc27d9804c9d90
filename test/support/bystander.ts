import { setTimeout as pause } from 'node:timers/promises';

const PAUSE_MS = 10;
const TENANT = '/api/v1/tenants/globex';

/** Another tenant, who uses another backend, and the probe of the platform: both must not notice what goes on elsewhere. */
export class Bystander {
  /** Responses other than 200. */
  readonly failures: string[] = [];
  /** Requests that have a line in the log; probes have none. */
  requests = 0;
  private isDone = false;
  private readonly end: Promise<void>;

  /** Begins immediately. */
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {
    this.end = this.look();
  }

  /** Resolves when the last answer is there. */
  async stop(): Promise<void> {
    this.isDone = true;
    await this.end;
  }

  private async look(): Promise<void> {
    do {
      await this.get('/livez');
      this.requests += 1;
      await this.get(TENANT);
      await pause(PAUSE_MS);
    } while (!this.isDone);
  }

  private async get(path: string): Promise<void> {
    try {
      const response = await fetch(this.url + path, { headers: { authorization: `Bearer ${this.token}` } });
      const body = await response.text();
      if (response.status !== 200) this.failures.push(`${path}: ${response.status} ${body}`);
    } catch (error) {
      this.failures.push(`${path}: ${String(error)}`);
    }
  }
}
