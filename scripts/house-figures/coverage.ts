/** A function of the gateway that ran. */
export interface ExecutedFunction {
  /** File below `src/`, without its ending: `edge/rpc-handler`. */
  readonly file: string;
  /** Its name, and where it begins in the file. */
  readonly name: string;
}

interface ScriptCoverage {
  readonly url: string;
  readonly functions: readonly {
    readonly functionName: string;
    readonly ranges: readonly { readonly startOffset: number; readonly count: number }[];
  }[];
}

/** The precise coverage of a process that was started with `--inspect` (V8's inspector protocol). */
export class Coverage {
  private lastId = 0;

  private constructor(private readonly socket: WebSocket) {}

  /** Counts from now on. @param stderr what the process has written there; it names the inspector's address. */
  static async start(stderr: string): Promise<Coverage> {
    const [, address] = /Debugger listening on (ws:\S+)/.exec(stderr) ?? [];
    if (address === undefined) throw new Error('the process has no inspector: start it with --inspect=127.0.0.1:0');
    const socket = new WebSocket(address);
    await new Promise((resolve, reject) => {
      socket.addEventListener('open', resolve);
      socket.addEventListener('error', () => reject(new Error(`cannot connect to ${address}`)));
    });
    const coverage = new Coverage(socket);
    await coverage.send('Profiler.enable');
    await coverage.send('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
    return coverage;
  }

  /**
   * Returns the functions of the gateway that run in each of some repetitions of a request. Functions that only a timer runs are left out, since they do not run each time.
   */
  async of(request: () => Promise<unknown>, repetitions = 5): Promise<ExecutedFunction[]> {
    let common: Map<string, ExecutedFunction> | undefined;
    for (let i = 0; i < repetitions; i++) {
      await this.take();
      await request();
      const executed = new Map((await this.take()).map((each) => [`${each.file} ${each.name}`, each]));
      common = new Map([...(common ?? executed)].filter(([key]) => executed.has(key)));
    }
    return [...(common ?? new Map<string, ExecutedFunction>()).values()];
  }

  close(): void {
    this.socket.close();
  }

  /** Returns what ran since the last time. */
  private async take(): Promise<ExecutedFunction[]> {
    const { result } = (await this.send('Profiler.takePreciseCoverage')) as { result: readonly ScriptCoverage[] };
    return result.flatMap(({ url, functions }) => {
      const [, file] = /\/(?:src|dist)\/(.*)\.[jt]s$/.exec(url) ?? [];
      if (file === undefined || url.includes('/node_modules/')) return [];
      const executed = functions.filter(({ ranges }) => (ranges[0]?.count ?? 0) > 0);
      return executed.map(({ functionName, ranges }) => ({ file, name: `${functionName}@${ranges[0]?.startOffset}` }));
    });
  }

  private send(method: string, params: object = {}): Promise<unknown> {
    const id = (this.lastId += 1);
    return new Promise((resolve, reject) => {
      const receive = ({ data }: MessageEvent): void => {
        const message = JSON.parse(String(data)) as { id?: number; result?: unknown; error?: { message: string } };
        if (message.id !== id) return;
        this.socket.removeEventListener('message', receive);
        if (message.error) reject(new Error(`${method}: ${message.error.message}`));
        else resolve(message.result);
      };
      this.socket.addEventListener('message', receive);
      this.socket.send(JSON.stringify({ id, method, params }));
    });
  }
}
