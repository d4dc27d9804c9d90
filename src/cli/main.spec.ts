import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** As `npm run gateway --` does it, with an environment that holds no setting. */
function gateway(...args: string[]) {
  const { PATH = '' } = process.env;
  const nodeArgs = ['--import', '@oxc-node/core/register', MAIN, ...args];
  return spawnSync(process.execPath, nodeArgs, { cwd: ROOT, env: { PATH }, encoding: 'utf8', timeout: 30_000 });
}

describe('the command line as a process', { timeout: 40_000 }, () => {
  test('exits 78 and prints problems on stderr when settings are missing', () => {
    const { status, stdout, stderr } = gateway('check');
    expect({ status, stdout }).toEqual({ status: 78, stdout: '' });
    expect(stderr).toContain('TENANT_SERVICE_URL: is not set');
  });

  test('exits 0 with the settings of the sandbox', () => {
    const { status, stdout, stderr } = gateway('check', '--env', 'sandbox/sandbox.env');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain('configuration is valid');
  });

  test('explains a request without any setting', () => {
    const { status, stdout } = gateway('explain', 'GET', '/api/v1/users/42');
    expect(status).toBe(0);
    expect(stdout).toContain('user_id = "42"');
  });

  test('refuses a command that it does not know', () => {
    const { status, stderr } = gateway('chek');
    expect(status).toBe(1);
    expect(stderr).toContain('Did you mean check?');
  });
});
