import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { readText } from '../ops/project-files.js';
import { GatewayProcess } from './gateway-process.js';
import { DecodedProfile } from './pprof.js';
import { REGISTER } from './typescript.js';

/** Its faults. */
export const PLANTED = 'test/support/planted.ts';
/** Passed on the command line, and shown nowhere. */
export const SECRET = 'a-token-of-operators-0123456789abcdef';

const PROGRAM = ['--import', REGISTER, '--import', `./${PLANTED}`, 'src/main.ts', `--token=${SECRET}`];

/** A gateway in a process of its own, in which faults can be planted. */
export class PlantedGateway {
  private constructor(
    readonly sandbox: SandboxEnvironment,
    readonly gateway: GatewayProcess,
  ) {}

  static async start(): Promise<PlantedGateway> {
    const sandbox = await startSandbox({ faultServer: false, idp: false });
    const env = { GATEWAY_ADMIN_ADDR: '127.0.0.1:0', GATEWAY_PPROF_BLOCK_RATE: '1', GATEWAY_AI_MAX_CONCURRENT: '1' };
    return new PlantedGateway(sandbox, await GatewayProcess.start(sandbox, env, PROGRAM));
  }

  /** Begins a fault, or ends it: `/stop`. */
  plant(fault: string): Promise<Response> {
    const url = String(this.gateway.lines.find(({ msg }) => msg === 'planted')?.['url']);
    return fetch(url + fault);
  }

  /** Asks AIService something that takes so long. */
  async askSlowly(ms: number): Promise<Response> {
    const authorization = `Bearer ${await this.sandbox.issueToken('alice@acme.test')}`;
    return fetch(`${this.gateway.url}/api/v1/ai`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ query: `slow ${ms}ms` }),
    });
  }

  debug(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`${this.gateway.adminUrl}/debug/${path}`, init);
  }

  async profile(path: string): Promise<DecodedProfile> {
    return new DecodedProfile(await (await this.ok(path)).bytes());
  }

  async page(path: string): Promise<string> {
    return (await this.ok(path)).text();
  }

  async close(): Promise<void> {
    await this.gateway.kill();
    await this.sandbox.close();
  }

  private async ok(path: string): Promise<Response> {
    const response = await this.debug(path);
    if (!response.ok) throw new Error(`${path} is answered with ${response.status}: ${await response.text()}`);
    return response;
  }
}

/** The line of a planted function in its source, from 1. */
export function lineOf(name: string): number {
  const lines = readText(PLANTED).split('\n');
  return lines.findIndex((line) => line.includes(`function ${name}`)) + 1;
}
