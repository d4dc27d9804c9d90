const EVENTS = ['unhandledRejection', 'uncaughtExceptionMonitor'] as const;

/** Notes what would end a gateway that ran in a process of its own. */
export class CrashWatch {
  readonly crashes: string[] = [];
  private readonly onCrash = (reason: unknown) => void this.crashes.push(String(reason));

  constructor() {
    for (const event of EVENTS) process.on(event, this.onCrash);
  }

  close(): void {
    for (const event of EVENTS) process.off(event, this.onCrash);
  }
}
