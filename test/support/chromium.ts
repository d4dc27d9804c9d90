import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

/** Path in Debian's package. */
const EXECUTABLE = '/usr/bin/chromium';
const INSTALL = join(import.meta.dirname, '../../scripts/debian-tools.sh');

/** Longest that {@link launchChromium} may take when it has to install the browser first, for the hook that calls it. */
export const CHROMIUM_TIMEOUT_MS = 300_000;

/** Starts the real browser, headless, without any traffic of its own. Installs it first where it is missing; throws one line when it cannot. */
export function launchChromium(): Promise<Browser> {
  if (!existsSync(EXECUTABLE)) install();
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

function install(): void {
  const { status, stderr } = spawnSync(INSTALL, ['chromium'], {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (status !== 0) throw new Error(stderr?.trim() || `${INSTALL} chromium failed`);
}
