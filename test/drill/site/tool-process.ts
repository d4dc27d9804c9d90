import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { ROOT } from '../../ops/project-files.js';
import { findPrometheusTool, type PrometheusTool } from '../../support/debian-tools.js';

/** Directory in which programs from scripts/debian-tools.sh look for their templates. */
const TEMPLATES = join(ROOT, '.cache/debian/share');
const KEPT_LINES = 20;
const READY_WITHIN_MS = 30_000;

/** Prometheus or Alertmanager on a free port of this machine. */
export class ToolProcess {
  private constructor(
    readonly url: string,
    private readonly end: () => Promise<void>,
  ) {}

  /** Starts it and resolves once it listens. Rejects with its last lines when it ends or takes too long. */
  static async start(tool: PrometheusTool, args: readonly string[]): Promise<ToolProcess> {
    const child = spawn(findPrometheusTool(tool), [...args, '--web.listen-address=127.0.0.1:0'], {
      stdio: ['ignore', 'ignore', 'pipe'],
      ...(existsSync(TEMPLATES) && { cwd: TEMPLATES }),
    });
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    const exited = once(child, 'exit').then(() => void process.off('exit', kill));
    const lines: string[] = [];
    const url = await new Promise<string>((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${tool} ${why}:\n${lines.join('\n')}`));
      const timer = setTimeout(() => fail('does not listen'), READY_WITHIN_MS);
      child.once('error', (error) => fail(error.message));
      child.once('exit', () => fail('ended'));
      createInterface(child.stderr).on('line', (line) => {
        if (lines.push(line) > KEPT_LINES) lines.shift();
        const [, address] = /msg="Listening on" address=([\d.:]+)/.exec(line) ?? [];
        if (address === undefined) return;
        clearTimeout(timer);
        resolve(`http://${address}`);
      });
    });
    const end = async () => {
      kill();
      await exited;
    };
    return new ToolProcess(url, end);
  }

  /** Ends it. Idempotent. */
  close(): Promise<void> {
    return this.end();
  }
}
