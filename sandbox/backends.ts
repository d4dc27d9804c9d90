import { readSettings } from './settings.js';
import { startSandbox } from './environment.js';

/** The sandbox without a gateway, reachable from other containers: what docker-compose.yml runs. */
const sandbox = await startSandbox({
  ports: readSettings(process.env).ports,
  host: '0.0.0.0',
  idp: false,
  guardrail: true,
  redisUrl: process.env['REDIS_URL'],
});
process.stdout.write(`backends are up; keys: ${sandbox.jwksUrl}, faults: ${sandbox.faultsUrl}/faults\n`);

for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => void sandbox.close().then(() => process.exit(0)));
}
