import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';

const END = '-- end of the command --';

/** One shell in which commands follow each other, as a reader of a page types them: with its jobs, in one folder. */
export class ShellSession {
  private readonly shell: ChildProcess;
  private readonly lines: AsyncIterator<string>;
  private readonly reader: Interface;

  constructor(cwd: string, env: NodeJS.ProcessEnv) {
    // A group of its own, so that what was started with `&` ends with it.
    this.shell = spawn('bash', ['--noprofile', '--norc'], {
      cwd,
      env,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    if (this.shell.stdout === null || this.shell.stderr === null) throw new Error('the shell has no output');
    this.shell.stderr.resume();
    this.reader = createInterface(this.shell.stdout);
    this.lines = this.reader[Symbol.asyncIterator]();
  }

  /** Types a command and waits for its end, or, with `&`, for its start. @returns what it wrote to standard output. */
  async run(command: string): Promise<string> {
    this.shell.stdin?.write(`${command}\nprintf '\\n%s\\n' '${END}'\n`);
    const written: string[] = [];
    for (;;) {
      const { value, done } = await this.lines.next();
      if (done === true) throw new Error(`the shell ended at: ${command}`);
      if (value === END) return written.join('\n');
      written.push(value);
    }
  }

  /** Ends the shell and all that it started. */
  async close(): Promise<void> {
    const { pid } = this.shell;
    if (pid === undefined || this.shell.exitCode !== null) return;
    const gone = once(this.shell, 'exit');
    process.kill(-pid, 'SIGKILL');
    await gone;
    this.reader.close();
  }
}
