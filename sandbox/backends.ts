import { readSettings } from './settings.js';
import { startWorld } from './world.js';

/** The world without a gateway, reachable from other containers: what docker-compose.yml runs. */
const world = await startWorld({
  ports: readSettings(process.env).ports,
  host: '0.0.0.0',
  idp: false,
  guardrail: true,
  redisUrl: process.env['REDIS_URL'],
});
process.stdout.write(`backends are up; keys: ${world.jwksUrl}, faults: ${world.faultsUrl}/faults\n`);

for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => void world.close().then(() => process.exit(0)));
}
