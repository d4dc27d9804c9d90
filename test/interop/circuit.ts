import { startSandbox } from '../../sandbox/environment.js';
import { Client } from '../support/client.js';
import { startTestGateway } from '../support/gateway.js';
import { Scrape } from '../support/metrics.js';
import { many, type Row, rowOf, type Subject } from './check.js';

const USER = '/api/v1/users/acme-alice';
const OPENED = 'gateway_circuit_transitions_total{upstream="user",to="open"}';
const HURRIED_CLIENTS = 100;
const CALLS = 10;

async function codeOf(response: Response): Promise<string> {
  const body = (await response.json()) as { code?: string };
  return response.ok ? '200' : (body.code ?? String(response.status));
}

/** A healthy service that takes its time, and a hundred clients that do not wait for it. */
export async function circuit(subject: Subject): Promise<Row[]> {
  await subject.unary('SetDelay', { ms: 300 });
  const sandbox = await startSandbox({ faultServer: false, idp: false });
  const env = { USER_SERVICE_URL: subject.address, GATEWAY_USER_TIMEOUT: '5s', GATEWAY_HEALTH_INTERVAL: '1h' };
  const gateway = await startTestGateway({ sandbox, env });
  try {
    const alice = await Client.of(gateway, 'alice@acme.test');
    const hurried = many(HURRIED_CLIENTS * CALLS, HURRIED_CLIENTS, async () =>
      codeOf(await alice.get(USER, { 'x-request-timeout': '50ms' })),
    );
    const patient = many(5, 1, async () => codeOf(await alice.get(USER)));
    const outcomes = [await hurried, await patient] as const;
    const opened = (await Scrape.of(gateway.url)).sum(OPENED);
    return [
      rowOf(`${HURRIED_CLIENTS} hurried clients`, 'UPSTREAM_TIMEOUT', outcomes[0]),
      rowOf('a patient client beside them', '200', outcomes[1]),
      rowOf('circuits that opened', '0', [String(opened)]),
    ];
  } finally {
    await gateway.close();
    await subject.unary('SetDelay', { ms: 0 });
  }
}
