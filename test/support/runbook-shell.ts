import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { readText, ROOT } from '../ops/project-files.js';
import type { TestGateway } from './gateway.js';

const run = promisify(execFile);

/** Stands in for a cluster of one pod: `exec` runs here, with the addresses and paths of this gateway, `logs` prints its lines, `get` names its pod. */
const KUBECTL = `#!/usr/bin/env bash
case "$1" in
  logs) exec cat "$LOG_FILE" ;;
  get) echo pod/api-gateway-1 && exit ;;
  exec)
    while [ "$1" != -- ]; do shift; done
    shift
    set -- "\${@//http:\\/\\/127.0.0.1:9464/$OPS_URL}"
    set -- "\${@//http:\\/\\/127.0.0.1:6060/$ADMIN_URL}"
    exec "\${@//\\/var\\/lib\\/gateway\\/usage/$SHELF}"
    ;;
esac
echo "kubectl $1 is not played here" >&2
exit 1
`;

/** Shell blocks of a page, also those inside of lists, without their indentation. */
export function shellBlocks(path: string): readonly string[] {
  const fences = readText(path).matchAll(/^( *)```sh\n([\s\S]*?)^ *```$/gm);
  return [...fences].map(([, indent = '', body = '']) => body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''));
}

/** The one shell block of a page that has this word in it. */
export function shellBlock(path: string, word: string): string {
  const [block, ...others] = shellBlocks(path).filter((each) => each.includes(word));
  if (block === undefined || others.length > 0) throw new Error(`${path} has no block, or several, with ${word}`);
  return block;
}

/** Runs what a runbook says, as if a gateway of this process ran in a cluster. */
export class RunbookShell {
  private readonly directory = mkdtempSync(join(tmpdir(), 'runbook-'));

  constructor(
    private readonly gateway: TestGateway,
    private readonly env: Readonly<Record<string, string>> = {},
  ) {
    const kubectl = join(this.directory, 'kubectl');
    writeFileSync(kubectl, KUBECTL);
    chmodSync(kubectl, 0o755);
    symlinkSync(join(ROOT, 'bin/gateway.js'), join(this.directory, 'gateway'));
  }

  /** Lines that a block of a page prints. Rejects when its last command fails. */
  run(path: string, word: string): Promise<readonly string[]> {
    return this.runText(shellBlock(path, word));
  }

  /** The same of a block with something filled in. */
  async runText(block: string): Promise<readonly string[]> {
    const { url, lines } = this.gateway;
    const log = join(this.directory, 'log');
    writeFileSync(log, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    const PATH = `${this.directory}${delimiter}${process.env['PATH'] ?? ''}`;
    const env = { ...process.env, ...this.env, PATH, OPS_URL: url, LOG_FILE: log };
    const { stdout } = await run('bash', ['-c', block], { cwd: this.directory, env });
    return linesOf(stdout);
  }

  /** Lines of a file that a block wrote. */
  read(name: string): readonly string[] {
    return linesOf(readFileSync(join(this.directory, name), 'utf8'));
  }

  close(): void {
    rmSync(this.directory, { recursive: true });
  }
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}
