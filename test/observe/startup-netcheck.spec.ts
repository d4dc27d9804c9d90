import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnvironment } from '../../src/config/environment.js';
import { checkNetwork, NetcheckError } from '../../src/startup-netcheck.js';
import { startRefusal } from '../../src/start-refusal.js';

let server: Server;
let port: number;
beforeAll(async () => {
  server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => void server.close());

const REQUIRED = {
  AUTH_SERVICE_URL: 'a:1',
  USER_SERVICE_URL: 'u:1',
  TENANT_SERVICE_URL: 't:1',
  JWT_SECRET: 'x'.repeat(32),
};
const hostsOf = (text: string) =>
  parseEnvironment({ ...REQUIRED, GATEWAY_STARTUP_NETCHECK_HOSTS: text }).health.netcheckHosts;

describe('hosts that must be reachable at the start', () => {
  it('are none unless they are named', () => {
    expect(parseEnvironment(REQUIRED).health.netcheckHosts).toEqual([]);
  });

  it('are told when they are', async () => {
    const lines: string[] = [];
    const log = pino({}, { write: (line: string) => void lines.push(line) });
    await checkNetwork(hostsOf(`127.0.0.1:${port}, localhost:${port}`), log);
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg).toSorted()).toEqual([
      `startup_netcheck host=127.0.0.1:${port} reachable`,
      `startup_netcheck host=localhost:${port} reachable`,
    ]);
  });

  it('end the start together when they are not', async () => {
    const hosts = hostsOf(`127.0.0.1:${port},127.0.0.1:1,nowhere.invalid:443`);
    const error: unknown = await checkNetwork(hosts, pino({ level: 'silent' })).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(NetcheckError);
    const { exitCode, lines } = startRefusal(error, parseEnvironment(REQUIRED));
    expect([exitCode, lines.length]).toEqual([1, 2]);
    expect(lines.map(([, message]) => message).join('\n')).toMatch(
      /startup_netcheck_failed host=127\.0\.0\.1:1 .*ECONNREFUSED.*\n.*host=nowhere\.invalid:443 /,
    );
  });

  it.each(['example.com', 'example.com:0', ':443', 'example.com:99999'])('are host and port, not "%s"', (text) => {
    expect(() => hostsOf(text)).toThrow(/GATEWAY_STARTUP_NETCHECK_HOSTS/);
  });
});
