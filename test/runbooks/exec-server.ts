import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { delimiter, join } from 'node:path';
import { json } from 'node:stream/consumers';
import { ROOT } from '../ops/project-files.js';
import type { Cluster, ExecTarget } from './cluster.js';

/** Addresses of the backends in the pages; in the sandbox each has a port of its own. */
const BACKEND_PORT = '50051';
/** Files that are mounted into a pod for TLS connections. */
const CERTIFICATE = join(ROOT, 'test/support/tls/client.pem');
const SHELF = '/var/lib/gateway/usage';

/** Runs what `kubectl exec` sends to a pod, beside the process that is the pod and with its settings. */
export class ExecServer {
  private constructor(private readonly server: Server) {}

  /** @param tools directory of the programs that the image has and this machine may not have */
  static async start(cluster: Cluster, tools: string): Promise<ExecServer> {
    const server = createServer((request, response) => {
      json(request)
        .then((args) => run(cluster, tools, args as string[], response))
        .catch((error: unknown) =>
          end(response, 1, `error: ${error instanceof Error ? error.message : String(error)}\n`),
        );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ExecServer(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Runs `exec [flags] <pod> -- <command>`; the response is a line of JSON for each piece of output, and one for the end. */
async function run(cluster: Cluster, tools: string, args: readonly string[], response: ServerResponse): Promise<void> {
  const at = args.indexOf('--');
  if (args.includes('port-forward') || at < 0)
    throw new Error('only exec is covered here: exec [flags] <pod> -- <command>');
  const target = cluster.target(podName(args.slice(0, at)));
  const [command = '', ...rest] = translate(args.slice(at + 1), target);
  const child = spawn(command, rest, { env: environment(target, tools), stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = once(child, 'close');
  child.stdout.on('data', (chunk: Buffer) => write(response, { out: chunk.toString() }));
  child.stderr.on('data', (chunk: Buffer) => write(response, { err: chunk.toString() }));
  response.once('close', () => child.kill());
  const [code] = (await closed) as [number | null];
  end(response, code ?? 137, code === 0 ? '' : `command terminated with exit code ${code}\n`);
}

/** The first word that is neither a flag, nor the value of one, nor the verb. */
function podName(args: readonly string[]): string {
  const isValue = (index: number) => ['-n', '--namespace', '-c', '--container'].includes(args[index - 1] ?? '');
  const words = args.filter((word, index) => !word.startsWith('-') && !isValue(index));
  return words[1] ?? '';
}

/** Writes a command with the addresses of this machine in place of those in a pod. */
function translate(command: readonly string[], { pod, dns, services }: ExecTarget): string[] {
  const [program, ...args] = command.map((word) =>
    word
      .replaceAll('http://127.0.0.1:9464', pod.opsUrl)
      .replaceAll('http://127.0.0.1:6060', pod.adminUrl)
      .replaceAll('http://127.0.0.1:8080', pod.url)
      .replaceAll(SHELF, environOf(pod)['GATEWAY_BUDGET_DEBIT_SHELF_DIR'] ?? SHELF),
  );
  if (program === 'nslookup') return ['nslookup', ...args, dns];
  if (program !== 'nc') return [program ?? '', ...args];
  return ['nc', ...args.flatMap((word) => services[word]?.split(':') ?? (word === BACKEND_PORT ? [] : [word]))];
}

/** Settings of the process, as the container of a pod has them, with the port that its admin listener has got. */
function environment(target: ExecTarget, tools: string): Record<string, string> {
  const PATH = `${tools}${delimiter}${process.env['PATH'] ?? ''}`;
  const addr = new URL(target.pod.adminUrl).host;
  return { GATEWAY_GRPC_TLS_CERT_FILE: CERTIFICATE, ...environOf(target.pod), PATH, GATEWAY_ADMIN_ADDR: addr };
}

function environOf({ process: { child } }: ExecTarget['pod']): Record<string, string> {
  const entries = readFileSync(`/proc/${child.pid}/environ`, 'utf8')
    .split('\0')
    .filter((entry) => entry !== '');
  return Object.fromEntries(
    entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
}

function write(response: ServerResponse, message: object): void {
  response.write(`${JSON.stringify(message)}\n`);
}

function end(response: ServerResponse, code: number, err: string): void {
  if (err !== '') write(response, { err });
  response.end(`${JSON.stringify({ code })}\n`);
}
