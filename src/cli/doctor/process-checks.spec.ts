import { expect, test } from 'vitest';
import { parseEnvironment } from '../../config/environment.js';
import { checkProcess } from './process-checks.js';

const MIB = 1024 ** 2;
const CONFIG = parseEnvironment({
  AUTH_SERVICE_URL: 'localhost:1',
  USER_SERVICE_URL: 'localhost:2',
  TENANT_SERVICE_URL: 'localhost:3',
  JWT_SECRET: 'a secret of more than 32 bytes, really',
});
const SOUND = { files: 65_535, memory: 8192 * MIB, heap: 6144 * MIB };

test.each([
  ['enough of everything', SOUND, {}],
  ['fewer files than connections', { ...SOUND, files: 8192 }, { nofile: 'warn' }],
  ['fewer files than requests', { ...SOUND, files: 1024 }, { nofile: 'fail' }],
  ['an unknown limit of files', { ...SOUND, files: undefined }, { nofile: 'info' }],
  ['a heap as large as the memory limit', { ...SOUND, memory: 6144 * MIB }, { memory: 'warn' }],
  ['no memory limit', { ...SOUND, memory: undefined }, { memory: 'info' }],
  [
    'less memory than the largest requests take',
    { ...SOUND, memory: 2048 * MIB, heap: 1024 * MIB },
    { requests: 'info' },
  ],
  ['caches that fill the heap', { ...SOUND, heap: 200 * MIB }, { requests: 'info', caches: 'warn' }],
])('with %s says so', (_, limits, expected) => {
  const lines = checkProcess(CONFIG, limits);
  const remarks = lines.filter(({ status }) => status !== 'ok').map(({ step, status }) => [step, status]);
  expect(Object.fromEntries(remarks)).toEqual(expected);
});

test('names the heap that fits into the memory limit', () => {
  const lines = checkProcess(CONFIG, { ...SOUND, memory: 1024 * MIB });
  expect(lines.find(({ step }) => step === 'memory')?.remedy).toContain('--max-old-space-size=896');
});
