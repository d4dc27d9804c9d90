import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { OpenParts } from '../../sandbox/open-parts.js';
import { ROOT } from '../ops/project-files.js';
import { DEBIAN_LIBRARIES, findDebianTool } from '../support/debian-tools.js';
import { Cluster } from './cluster.js';
import { ExecServer } from './exec-server.js';
import type { Site } from '../drill/site/site.js';

const BLOCK_TIMEOUT_MS = 60_000;

/** All but `exec` and `port-forward` is the real kubectl: those two need SPDY or WebSocket, which the API server does not have. */
const KUBECTL = `words=("$@")
for ((at = 0; at < $#; at++)); do
  case \${words[at]} in
    -n | --namespace) ((at++)) ;;
    -*) ;;
    exec | port-forward) exec "$RUNBOOK_NODE" "$RUNBOOK_EXEC" "$@" ;;
    *) break ;;
  esac
done
exec "$RUNBOOK_KUBECTL" "$@"
`;

/** Output and exit code of a block. */
export interface Printed {
  readonly out: string;
  readonly err: string;
  readonly code: number | null;
}

/** A shell of somebody with a kubectl for the cluster that a site is. */
export class RunbookShell {
  private readonly parts = new OpenParts();
  private readonly directory = mkdtempSync(join(tmpdir(), 'runbook-'));
  private execUrl = '';
  private cluster!: Cluster;

  private constructor(
    private readonly site: Site,
    private readonly program: string,
  ) {}

  /** @param program path of the `gateway` command that pods have: the sources, unless told otherwise */
  static async start(site: Site, program = join(ROOT, 'bin/gateway.js')): Promise<RunbookShell> {
    const shell = new RunbookShell(site, program);
    await shell.open();
    return shell;
  }

  /** Runs a block in bash, in an empty directory, as it stands. A minute at most. */
  async run(block: string): Promise<Printed> {
    this.cluster.adopt();
    const cwd = mkdtempSync(join(this.directory, 'work-'));
    const env = { ...process.env, ...this.environment() };
    const child = spawn('bash', ['-c', block], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: BLOCK_TIMEOUT_MS,
    });
    const exited = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), exited]);
    return { out, err, code };
  }

  /** Idempotent. */
  async close(): Promise<void> {
    await this.parts.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  private async open(): Promise<void> {
    const tools = join(this.directory, 'image');
    mkdirSync(tools);
    symlinkSync(this.program, join(tools, 'gateway'));
    script(join(tools, 'nslookup'), `exec ${findDebianTool('busybox')} nslookup "$@"`);
    script(join(tools, 'nc'), `exec ${findDebianTool('nc.openbsd')} "$@"`);
    await sendTraced(this.site);
    this.cluster = this.parts.add(await Cluster.start(this.site));
    this.execUrl = this.parts.add(await ExecServer.start(this.cluster, tools)).url;
    script(join(this.directory, 'kubectl'), KUBECTL);
    script(join(this.directory, 'redis-cli'), `exec ${findDebianTool('redis-cli')} "$@"`);
    writeFileSync(join(this.directory, 'kubeconfig'), kubeconfig(this.cluster.url));
  }

  private environment(): Record<string, string> {
    return {
      PATH: `${this.directory}${delimiter}${process.env['PATH'] ?? ''}`,
      HOME: this.directory,
      KUBECONFIG: join(this.directory, 'kubeconfig'),
      REDIS_URL: this.site.sandbox.redisUrl ?? '',
      RUNBOOK_KUBECTL: findDebianTool('kubectl'),
      RUNBOOK_NODE: process.execPath,
      RUNBOOK_EXEC: join(import.meta.dirname, 'kubectl-exec.js'),
      RUNBOOK_EXEC_URL: this.execUrl,
    };
  }
}

/** Sends a request within the trace that pages take for an example: that of W3C Trace Context. */
async function sendTraced({ pods }: Site): Promise<void> {
  const url = pods.find(({ isRunning }) => isRunning)?.url;
  if (url === undefined) return;
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
  await fetch(`${url}/api/v1/users`, { headers: { traceparent } }).then((response) => response.text());
}

function script(path: string, body: string): void {
  const library = `\${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}${DEBIAN_LIBRARIES}`;
  writeFileSync(path, `#!/usr/bin/env bash\nexport LD_LIBRARY_PATH="${library}"\n${body}\n`);
  chmodSync(path, 0o755);
}

function kubeconfig(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'site', cluster: { server } }],
    users: [{ name: 'reader', user: {} }],
    contexts: [{ name: 'site', context: { cluster: 'site', user: 'reader' } }],
    'current-context': 'site',
  });
}
