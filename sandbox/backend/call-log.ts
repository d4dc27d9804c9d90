const MAX_CALLS = 1_000;
const DEFAULT_WAIT_MS = 4_000;

/** One call as a backend saw it. It changes while the call runs. */
export interface LoggedCall {
  /** Name of the backend, or `jwks` for a fetch of the keys. */
  readonly upstream: string;
  /** Path of the method: `/user.v1.UserService/ListUsers`. */
  readonly method: string;
  /** As received; values of `-bin` keys in base64. */
  readonly metadata: Readonly<Record<string, readonly string[]>>;
  /** RFC 3339. */
  readonly at: string;
  /** Time the caller gave, in ms; null when it set no deadline. */
  readonly deadlineMs: number | null;
  /** Messages handed to the transport so far. */
  messages: number;
  /** Name of the gRPC status, null while the call runs. */
  outcome: string | null;
  /** The caller went away, or its deadline passed, before the backend had answered. */
  cancelled: boolean;
}

interface Waiter {
  readonly matches: (call: LoggedCall) => boolean;
  readonly found: (call: LoggedCall) => void;
  readonly give: (reason: string) => void;
}

/** Records the calls of the backends of one sandbox: the last 1,000, oldest first. */
export class CallLog {
  /** Called with each request message as it arrives; messages are not kept. */
  onRequest: ((call: LoggedCall, message: Readonly<Record<string, unknown>>) => void) | undefined;
  #calls: LoggedCall[] = [];
  readonly #waiters = new Set<Waiter>();

  list(): readonly LoggedCall[] {
    return [...this.#calls];
  }

  clear(): void {
    this.#calls = [];
  }

  /** Records a call that begins. */
  add(call: LoggedCall): void {
    this.#calls.push(call);
    if (this.#calls.length > MAX_CALLS) this.#calls.shift();
    this.changed(call);
  }

  /** Tells those who wait that a recorded call has changed. */
  changed(call: LoggedCall): void {
    for (const waiter of [...this.#waiters]) if (waiter.matches(call)) waiter.found(call);
  }

  /**
   * The first recorded call for which `matches` holds, now or once one changes so: an arrival, a message, an
   * outcome, a cancellation. Rejects after `timeoutMs` with what was seen instead.
   */
  waitFor(matches: (call: LoggedCall) => boolean, timeoutMs = DEFAULT_WAIT_MS): Promise<LoggedCall> {
    const known = this.#calls.find(matches);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter = {
        matches,
        found: (call) => (settle(), resolve(call)),
        give: (reason) => (settle(), reject(new Error(`${reason}; calls seen:${this.#summary()}`))),
      };
      const timer = setTimeout(() => waiter.give(`no such call within ${timeoutMs} ms`), timeoutMs);
      this.#waiters.add(waiter);
    });
  }

  /** Rejects all that still wait. */
  close(): void {
    for (const waiter of [...this.#waiters]) waiter.give('the sandbox was closed');
  }

  #summary(): string {
    const lines = this.#calls.slice(-20).map((call) => `${call.method} ${call.outcome ?? 'running'}`);
    return lines.length === 0 ? ' none' : `\n  ${lines.join('\n  ')}`;
  }
}
