import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { parseEnvironment } from './config/environment.js';
import { startRefusal } from './start-refusal.js';

let taken: Server | undefined;
afterEach(() => taken?.close());

/** What Node says of a port that somebody else has. */
async function takenPort(): Promise<{ port: number; error: unknown }> {
  taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const [error] = (await once(createServer().listen(port, '127.0.0.1'), 'error')) as [unknown];
  return { port, error };
}

const settings = (env: Readonly<Record<string, string>>) =>
  parseEnvironment({
    AUTH_SERVICE_URL: 'localhost:1',
    USER_SERVICE_URL: 'localhost:2',
    TENANT_SERVICE_URL: 'localhost:3',
    JWT_SECRET: 'a secret of more than 32 bytes, really',
    ...env,
  });

describe('a gateway that cannot start', () => {
  it.each(['API_GATEWAY_PORT', 'OPS_PORT'])('names %s where that is the port that is taken', async (setting) => {
    const { port, error } = await takenPort();
    const refusal = startRefusal(error, settings({ [setting]: String(port) }));
    expect(refusal).toEqual({ exitCode: 1, lines: [[{ port, setting, hint: `lsof -i :${port}` }, 'port_in_use']] });
  });

  it('calls anything that nobody foresaw a panic', () => {
    const error = new Error('nobody foresaw it');
    expect(startRefusal(error, settings({}))).toEqual({
      exitCode: 1,
      lines: [[{ err: error }, 'panic: the gateway could not start']],
    });
  });
});
