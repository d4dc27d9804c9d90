import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Site } from '../site/site.js';
import type { Scenario } from './scenario.js';

const GOOD = 'GATEWAY_MAX_CONCURRENT_REQUESTS=4096\n';
let path = '';

/** Writes the settings that the gateway has mounted, and has it read them. */
async function reload({ pod }: Site, settings: string, status: number): Promise<void> {
  writeFileSync(path, settings);
  const response = await fetch(`${pod.adminUrl}/admin/reload`, { method: 'POST' });
  if (response.status !== status) throw new Error(`the reload was answered ${response.status}, not ${status}`);
}

export const RELOAD_FAILING: Scenario = {
  name: 'reload-failing',
  fault: 'A mounted setting has a mistake, and the gateway is told to reload',
  prepare: ({ parts }) => {
    const directory = mkdtempSync(join(tmpdir(), 'drill-settings-'));
    parts.add({ close: () => rmSync(directory, { recursive: true }) });
    path = join(directory, 'settings.env');
    writeFileSync(path, GOOD);
    return Promise.resolve({ GATEWAY_ENV_FILE: path });
  },
  inject: (site) => reload(site, 'GATEWAY_MAX_CONCURRENT_REQUESTS=many\n', 400),
  heal: (site) => reload(site, GOOD, 200),
  alerts: [{ alert: 'GatewayReloadFailing', receiver: 'slack-infra-oncall' }],
};
