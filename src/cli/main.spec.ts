import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { VERSION } from '../version.js';
import { builtFile } from '../../test/support/gateway-process.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Runs the built `gateway` with an environment that holds no setting. */
function gateway(...args: string[]) {
  return runBin(builtFile('bin/gateway.js'), args);
}

function runBin(bin: string, args: readonly string[]) {
  const { PATH = '' } = process.env;
  return spawnSync(process.execPath, [bin, ...args], { cwd: ROOT, env: { PATH }, encoding: 'utf8', timeout: 30_000 });
}

describe('gateway', { timeout: 40_000 }, () => {
  test('is the bin of the package', () => {
    const { status, stdout } = spawnSync('npx', ['gateway', '--version'], { cwd: ROOT, encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: `${VERSION}\n` });
  });

  test('runs from dist where the sources are missing, also through a link, as in the image', () => {
    expect(existsSync(builtFile('src'))).toBe(false);
    const link = join(mkdtempSync(join(tmpdir(), 'gateway-bin-')), 'gateway');
    symlinkSync(builtFile('bin/gateway.js'), link);
    const fromSources = runBin(join(ROOT, 'bin/gateway.js'), ['routes']).stdout;
    for (const bin of [builtFile('bin/gateway.js'), link]) {
      expect(runBin(bin, ['routes'])).toMatchObject({ status: 0, stdout: fromSources, stderr: '' });
    }
  });
});

test('an older Node is told which one is needed, before a module that it lacks ends it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-engines-'));
  mkdirSync(join(folder, 'bin'));
  cpSync(builtFile('bin/gateway.js'), join(folder, 'bin/gateway.js'));
  const bin = join(folder, 'bin/gateway.js');
  writeFileSync(join(folder, 'package.json'), '{ "type": "module", "engines": { "node": ">=99.2" } }');
  expect(runBin(bin, ['routes'])).toMatchObject({
    status: 78,
    stdout: '',
    stderr: `gateway: needs Node 99.2 or newer; this is ${process.version}\n`,
  });
});

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

  test.each([
    ['triage', '--url', 'nonsense'],
    ['triage', '--metrics', 'localhost:8080'],
    ['diag', '--metrics', 'ftp://127.0.0.1'],
    ['explain', '--url', '/admin'],
  ])('%s refuses %s %s: that is no address', (...args) => {
    const { status, stdout, stderr } = gateway(...args, 'x');
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('write it as http://127.0.0.1:6060');
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
