import { describe, expect, it } from 'vitest';
import { compareEnvironments, reloadableSettings } from './reloadable.js';

describe('a changed environment', () => {
  const running = { LOG_LEVEL: 'info', API_GATEWAY_PORT: '8080', USER_SERVICE_URL: 'user:1', PATH: '/bin' };

  it.each<[string, Record<string, string>, object]>([
    ['nothing', running, { reloaded: [], needRestart: [] }],
    ['a reloadable setting', { ...running, LOG_LEVEL: 'debug' }, { reloaded: ['LOG_LEVEL'], needRestart: [] }],
    ['a setting that is new', { ...running, RATE_LIMIT_RPS: '5' }, { reloaded: ['RATE_LIMIT_RPS'], needRestart: [] }],
    ['a port', { ...running, API_GATEWAY_PORT: '9090' }, { reloaded: [], needRestart: ['API_GATEWAY_PORT'] }],
    [
      'both',
      { ...running, API_GATEWAY_PORT: '9090', LOG_LEVEL: 'warn' },
      { reloaded: ['LOG_LEVEL'], needRestart: ['API_GATEWAY_PORT'] },
    ],
    [
      'the timeout of an upstream',
      { ...running, GATEWAY_USER_TIMEOUT: '1s' },
      { reloaded: ['GATEWAY_USER_TIMEOUT'], needRestart: [] },
    ],
    [
      'a new upstream',
      { ...running, BOOKS_SERVICE_URL: 'books:1', GATEWAY_BOOKS_TIMEOUT: '1s' },
      { reloaded: [], needRestart: ['BOOKS_SERVICE_URL', 'GATEWAY_BOOKS_TIMEOUT'] },
    ],
    ['what is not a setting', { ...running, PATH: '/usr/bin' }, { reloaded: [], needRestart: [] }],
    ['an empty variable', { ...running, RATE_LIMIT_RPS: '' }, { reloaded: [], needRestart: [] }],
  ])('%s', (_, next, expected) => {
    expect(compareEnvironments(running, next)).toMatchObject(expected);
  });

  it('keeps the former value of what needs a restart', () => {
    const { LOG_LEVEL: level, ...without } = running;
    const { effective } = compareEnvironments(running, { ...without, API_GATEWAY_PORT: '9090' });
    expect([level, effective.API_GATEWAY_PORT, effective.LOG_LEVEL]).toEqual(['info', '8080', undefined]);
  });

  it('names no address, port or file of TLS as reloadable', () => {
    const names = [...reloadableSettings(running)];
    // The names in certificates are not TLS.
    expect(names.filter((name) => /_URL$|PORT|ADDR|TLS|REDIS/.test(name))).toEqual([
      'GATEWAY_TLS_CLIENT_IDENTITIES',
      'JWT_JWKS_URL',
    ]);
  });
});
