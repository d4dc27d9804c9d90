import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from './config-error.js';
import { withEnvFiles } from './read-config.js';

let folder: string;
let file: string;
let directory: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'env-files-'));
  file = join(folder, 'gateway.env');
  writeFileSync(file, '# a comment\nLOG_LEVEL=debug\nRATE_LIMIT_RPS=10\nQUOTED="a b"\n\n');
  directory = join(folder, 'mounted');
  // As the kubelet mounts a ConfigMap.
  mkdirSync(join(directory, '..2026'), { recursive: true });
  writeFileSync(join(directory, '..2026/RATE_LIMIT_RPS'), '20\n');
  symlinkSync('..2026', join(directory, '..data'));
  symlinkSync('..data/RATE_LIMIT_RPS', join(directory, 'RATE_LIMIT_RPS'));
  writeFileSync(join(directory, 'notes.txt'), 'not a setting');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('GATEWAY_ENV_FILE', () => {
  it.each<[string, Record<string, string>, object]>([
    ['is not needed', { LOG_LEVEL: 'warn' }, { LOG_LEVEL: 'warn' }],
    ['names a file', {}, { LOG_LEVEL: 'debug', RATE_LIMIT_RPS: '10', QUOTED: 'a b' }],
    ['comes after the environment', { LOG_LEVEL: 'warn' }, { LOG_LEVEL: 'warn', RATE_LIMIT_RPS: '10' }],
    ['comes before an empty variable', { LOG_LEVEL: '' }, { LOG_LEVEL: 'debug' }],
  ])('%s', (name, env, expected) => {
    const named = name === 'is not needed' ? env : { ...env, GATEWAY_ENV_FILE: file };
    expect(withEnvFiles(named)).toMatchObject(expected);
  });

  it('names a directory with a file for each setting, and the later of two counts', () => {
    expect(withEnvFiles({ GATEWAY_ENV_FILE: directory })).toEqual({
      GATEWAY_ENV_FILE: directory,
      RATE_LIMIT_RPS: '20',
    });
    expect(withEnvFiles({ GATEWAY_ENV_FILE: `${file}, ${directory}` })).toMatchObject({
      LOG_LEVEL: 'debug',
      RATE_LIMIT_RPS: '20',
    });
  });

  it('is refused with each path that cannot be read', () => {
    const read = () => withEnvFiles({ GATEWAY_ENV_FILE: '/nowhere/a,/nowhere/b' });
    expect(read).toThrow(ConfigError);
    expect(read).toThrow(/\/nowhere\/a cannot be read.*\n.*\/nowhere\/b cannot be read/);
  });
});
