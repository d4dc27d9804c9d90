import { request as httpRequest, type IncomingMessage } from 'node:http';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { Bystander } from './bystander.js';
import { CrashWatch } from './crash-watch.js';
import { SHORT } from './fault-settings.js';
import type { LogLine } from './gateway.js';
import { type FaultOptions, startSubject, type Subject } from './gateway-under-fault.js';
import { Scrape } from './metrics.js';
import { expectSound } from './sound.js';
import { portsIn, UpstreamSockets } from './upstream-sockets.js';

/** A request, by alice unless it says otherwise. */
export interface Ask {
  readonly method?: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
  readonly signal?: AbortSignal;
}

/** An answer, read to its end. */
export interface Answer {
  readonly status: number;
  /** Code of the problem; the status in digits if the response is not a problem. */
  readonly code: string;
  readonly headers: Headers;
  readonly body: string;
}

/** One scenario, from its start to `expectSound`. */
export interface Scenario {
  readonly before: Scrape;
  readonly bystander: Bystander;
  /** Lines that were there before. */
  readonly lines: number;
  readonly answers: Answer[];
  /** Requests that were sent, answered or not. */
  asked: number;
}

/** A gateway that things happen to, and that must come out of them sound: all that it was asked and answered is kept. */
export class FaultFixture {
  readonly crashes = new CrashWatch();
  private scenario!: Scenario;

  private constructor(
    readonly subject: Subject,
    private readonly watch: { readonly sockets: UpstreamSockets; readonly ports: ReadonlySet<number> },
    private readonly tokens: { readonly alice: string; readonly carol: string },
  ) {}

  static async start(options: FaultOptions = {}): Promise<FaultFixture> {
    const sandbox = options.sandbox ?? (await startSandbox({ faultServer: false, idp: false }));
    const env = { ...SHORT, ...options.env };
    const sockets = new UpstreamSockets();
    const subject = await startSubject(sandbox, { ...options, env });
    const addresses = Object.entries({ ...sandbox.gatewayEnv(), ...env }).filter(([name]) => /SERVICE_URL$/.test(name));
    const ports = portsIn(addresses.map(([, address]) => address));
    const alice = await sandbox.issueToken('alice@acme.test');
    const faults = new FaultFixture(
      subject,
      { sockets, ports },
      { alice, carol: await sandbox.issueToken('carol@globex.test') },
    );
    await faults.begin();
    return faults;
  }

  get sandbox(): SandboxEnvironment {
    return this.subject.sandbox;
  }

  get url(): string {
    return this.subject.url;
  }

  get lines(): readonly LogLine[] {
    return this.subject.lines;
  }

  /** The token of another tenant's user. */
  get carol(): string {
    return this.tokens.carol;
  }

  /** Sends a request and reads its answer. Rejects when its signal says so. */
  async ask(path: string, { method = 'GET', body, headers = {}, token, signal }: Ask = {}): Promise<Answer> {
    const { scenario } = this;
    scenario.asked += 1;
    const response = await fetch(this.url + path, {
      method,
      headers: { ...this.headers(token), ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    });
    const text = await response.text();
    const answer = { status: response.status, code: codeOf(response, text), headers: response.headers, body: text };
    scenario.answers.push(answer);
    return answer;
  }

  /** Codes of so many requests, one after the other. */
  async codes(path: string, count: number, ask?: Ask): Promise<string[]> {
    const seen: string[] = [];
    for (let n = 0; n < count; n++) seen.push((await this.ask(path, ask)).code);
    return seen;
  }

  async code(path: string, ask?: Ask): Promise<string> {
    return (await this.ask(path, ask)).code;
  }

  /** Takes note of requests that a test sent by itself. */
  sentBesides(count: number): void {
    this.scenario.asked += count;
  }

  /** Opens a stream of the AI and leaves it unread. */
  open(query: string, token?: string): Promise<IncomingMessage> {
    this.scenario.asked += 1;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    httpRequest(`${this.url}/api/v1/ai:stream`, { method: 'POST', headers: this.headers(token), agent: false }, resolve)
      .on('error', reject)
      .end(JSON.stringify({ query }));
    return promise;
  }

  /** The sum over what a selector such as `name{label="value"}` finds at `/metrics`. */
  async metric(selector: string): Promise<number> {
    return (await Scrape.of(this.url)).sum(selector);
  }

  /** By how much that has grown since the scenario began. */
  async moved(selector: string): Promise<number> {
    return (await this.metric(selector)) - this.scenario.before.sum(selector);
  }

  /** Sockets of the gateway to each port that it was given. */
  openSockets(): ReadonlyMap<number, number> {
    return this.watch.sockets.count(this.watch.ports);
  }

  /** Attempts of the gateway to connect to an address so far. */
  connectionAttempts(address: string): number {
    return this.watch.sockets.attemptsAt(Number(address.slice(address.lastIndexOf(':') + 1)));
  }

  /** Returns the transitions of the circuit breakers so far. */
  circuitEvents(): string[] {
    return this.lines.map(({ msg }) => String(msg)).filter((text) => text.startsWith('circuit_'));
  }

  /** Asserts what must hold after every scenario, once its fault is mended, and begins the next. @param moved selectors of metrics that must have grown. */
  async expectSound(...moved: string[]): Promise<void> {
    await this.scenario.bystander.stop();
    await expectSound(this, this.scenario, moved);
    await this.begin();
  }

  async close(): Promise<void> {
    await this.scenario.bystander.stop();
    this.crashes.close();
    this.watch.sockets.close();
    await this.subject.close();
  }

  private async begin(): Promise<void> {
    const before = await Scrape.of(this.url);
    const bystander = new Bystander(this.url, this.tokens.carol);
    this.scenario = { before, bystander, lines: this.lines.length, answers: [], asked: 0 };
  }

  private headers(token = this.tokens.alice): Record<string, string> {
    return { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  }
}

function codeOf({ status }: Response, body: string): string {
  if (status < 400) return String(status);
  return (JSON.parse(body) as { readonly code: string }).code;
}
