import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { AccessTokens } from '../../sandbox/auth/access-tokens.js';
import { choosePort } from '../../sandbox/gateway-process.js';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { TestRedis } from '../support/redis.js';
import { signIn, type SsoGateway } from '../support/sso.js';
import { WebClient } from '../support/web-client.js';
import { until } from '../support/until.js';

let redis: TestRedis;
let sandbox: SandboxEnvironment;
let publicUrl: string;
const gateways: GatewayProcess[] = [];

beforeAll(async () => {
  redis = await TestRedis.start();
  sandbox = await startSandbox({ faultServer: false });
  const port = await choosePort('0');
  publicUrl = `http://localhost:${port}`;
  const env = {
    ...sandbox.gatewayEnv(publicUrl),
    REDIS_URL: redis.url,
    GATEWAY_REDIS_COMMAND_TIMEOUT: '2s',
    GATEWAY_JWT_CLOCK_TOLERANCE: '0s',
    GATEWAY_SHUTDOWN_PRE_DRAIN_WAIT: '0s',
  };
  gateways.push(await GatewayProcess.start(sandbox, { ...env, API_GATEWAY_PORT: port }));
  gateways.push(await GatewayProcess.start(sandbox, { ...env, API_GATEWAY_PORT: '0' }));
});
afterEach(() => vi.restoreAllMocks());
afterAll(async () => {
  for (const gateway of gateways) await gateway.kill();
  await sandbox.close();
  await redis.close();
});

/** AuthService runs in this process: its next access token lives for two seconds. Gives the moment of its end in ms. */
function issueShortTokenOnce(): number {
  // oxlint-disable-next-line typescript/unbound-method -- called on the instance that the spy stands for
  const issue = AccessTokens.prototype.issue;
  const exp = Math.floor(Date.now() / 1000) + 2;
  vi.spyOn(AccessTokens.prototype, 'issue').mockImplementationOnce(function (this: AccessTokens, user, claims, header) {
    return issue.call(this, user, { ...claims, exp }, header);
  });
  return exp * 1_000;
}

describe('two gateway processes that share a Redis', () => {
  it('renew a session whose access token has run out once for 50 requests to both', async () => {
    const browser = new WebClient();
    const endsAt = issueShortTokenOnce();
    await signIn(browser, { publicUrl } as SsoGateway, 'alice@acme.test');
    await until(() => Date.now() > endsAt);
    sandbox.calls.clear();
    const id = browser.cookie(publicUrl, '__Host-sid') ?? '';
    const headers = { 'x-csrf': '1', cookie: `__Host-sid=${id}` };
    const requests = Array.from({ length: 50 }, (_, i) =>
      fetch(`${gateways[i % 2]?.url}/api/v1/users?pageSize=1`, { headers }),
    );
    const answers = await Promise.all(requests);
    expect(await Promise.all(answers.map(async (answer) => (await answer.text(), answer.status)))).toEqual(
      Array(50).fill(200),
    );
    expect(sandbox.calls.list().filter(({ method }) => method.endsWith('/RefreshToken'))).toHaveLength(1);
  });
});
