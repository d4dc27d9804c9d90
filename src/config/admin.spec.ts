import { describe, expect, it } from 'vitest';
import { formatProblem } from './config-error.js';
import { inspectEnvironment, parseEnvironment } from './environment.js';
import { fingerprint, redactConfig } from './redact-config.js';
import type { Environment } from './variables.js';

const BASE: Environment = {
  AUTH_SERVICE_URL: 'localhost:1',
  USER_SERVICE_URL: 'localhost:2',
  TENANT_SERVICE_URL: 'localhost:3',
  JWT_SECRET: 'a secret of more than 32 bytes, really',
};
const TOKEN = 'a-token-of-operators-0123456789abcdef';

const problemsOf = (changes: Environment) => inspectEnvironment({ ...BASE, ...changes }).problems.map(formatProblem);
const adminOf = (changes: Environment) => parseEnvironment({ ...BASE, ...changes }).admin;

describe('the admin listener', () => {
  it.each<[string, Environment, object | undefined]>([
    ['is on this machine alone unless told otherwise', {}, { host: '127.0.0.1', port: 6060, token: undefined }],
    ['does not exist when its address is empty', { GATEWAY_ADMIN_ADDR: '' }, undefined],
    ['takes a free port for 0', { GATEWAY_ADMIN_ADDR: '127.0.0.1:0' }, { host: '127.0.0.1', port: 0 }],
    ['has an IPv6 address in brackets', { GATEWAY_ADMIN_ADDR: '[::1]:6060' }, { host: '::1', port: 6060 }],
    ['has the name of this machine', { GATEWAY_ADMIN_ADDR: 'LocalHost:9' }, { host: 'localhost', port: 9 }],
    ['has any address of this machine', { GATEWAY_ADMIN_ADDR: '127.0.0.2:0' }, { host: '127.0.0.2', port: 0 }],
  ])('%s', (_what, changes, expected) => {
    if (expected === undefined) expect(adminOf(changes)).toBeUndefined();
    else expect(adminOf(changes)).toMatchObject(expected);
  });

  const REACHABLE = [
    '0.0.0.0:6060',
    '[::]:6060',
    '[::ffff:0.0.0.0]:6060',
    '[::ffff:127.0.0.1]:6060',
    '10.1.2.3:6060',
    'pod.internal:6060',
    'admin.localhost:6060',
    'localhost.example.com:6060',
  ];

  it.each(REACHABLE)('is refused on %s without a token, naming both settings', (address) => {
    const problems = problemsOf({ GATEWAY_ADMIN_ADDR: address });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^GATEWAY_ADMIN_ADDR: .* but GATEWAY_ADMIN_AUTH_TOKEN is not set; /);
    expect(problems[0]).toContain(address);
  });

  it.each(REACHABLE)('is allowed on %s with a token', (address) => {
    expect(problemsOf({ GATEWAY_ADMIN_ADDR: address, GATEWAY_ADMIN_AUTH_TOKEN: TOKEN })).toEqual([]);
  });

  it.each([
    ['0:6060', 'has no valid host'],
    ['127.1:6060', 'has no valid host'],
    ['256.0.0.1:6060', 'has no valid host'],
    ['[127.0.0.1]:6060', 'has no valid host'],
    ['[fe80::1%eth0]:x', 'is not a listen address'],
    [':6060', 'has no host; write 0.0.0.0:6060 for all addresses'],
    ['*:6060', 'has no host; write 0.0.0.0:6060 for all addresses'],
    ['0', 'is not a listen address'],
    ['6060', 'is not a listen address'],
    ['localhost', 'is not a listen address'],
    ['::1:6060', 'is not a listen address'],
    ['http://localhost:6060', 'is not a listen address'],
    ['localhost:70000', 'has port 70000, which does not exist'],
    [' ', 'begins or ends with white space'],
  ])('is refused at %j with or without a token', (address, reason) => {
    for (const token of ['', TOKEN]) {
      const problems = problemsOf({ GATEWAY_ADMIN_ADDR: address, GATEWAY_ADMIN_AUTH_TOKEN: token });
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain(`GATEWAY_ADMIN_ADDR: "${address}" ${reason}`);
    }
  });

  it.each([
    ['x', 'has 1 characters, too few'],
    ['k'.repeat(31), 'has 31 characters, too few'],
    [' '.repeat(40), 'contains white space'],
    [`${TOKEN}\n`, 'contains white space'],
    [`${TOKEN} ${TOKEN}`, 'contains white space'],
    [`${TOKEN}ü`, 'characters other than ASCII'],
  ])('takes no token %j, wherever it listens, and never prints it', (token, reason) => {
    for (const address of ['127.0.0.1:6060', '0.0.0.0:6060']) {
      const problems = problemsOf({ GATEWAY_ADMIN_ADDR: address, GATEWAY_ADMIN_AUTH_TOKEN: token });
      expect(problems).toHaveLength(1);
      expect(problems[0]).toContain('GATEWAY_ADMIN_AUTH_TOKEN: ');
      expect(problems[0]).toContain(reason);
      expect(problems[0]).not.toContain(TOKEN);
    }
  });

  it('shows fingerprints in place of the tokens', () => {
    const readToken = `${TOKEN}2`;
    const config = parseEnvironment({ ...BASE, GATEWAY_ADMIN_AUTH_TOKEN: TOKEN, GATEWAY_ADMIN_READ_TOKEN: readToken });
    const shown = { token: fingerprint(TOKEN), readToken: fingerprint(readToken) };
    expect(redactConfig(config).admin).toMatchObject({ host: '127.0.0.1', port: 6060, ...shown });
    expect(JSON.stringify(redactConfig(config))).not.toContain(TOKEN);
  });

  it.each<[string, Environment, string[]]>([
    ['beside the other one', { GATEWAY_ADMIN_AUTH_TOKEN: TOKEN, GATEWAY_ADMIN_READ_TOKEN: `${TOKEN}2` }, []],
    ['alone', { GATEWAY_ADMIN_READ_TOKEN: TOKEN }, ['is set, but GATEWAY_ADMIN_AUTH_TOKEN is not']],
    [
      'that is the other one',
      { GATEWAY_ADMIN_AUTH_TOKEN: TOKEN, GATEWAY_ADMIN_READ_TOKEN: TOKEN },
      ['is the same as GATEWAY_ADMIN_AUTH_TOKEN'],
    ],
  ])('has a token that only reads, %s', (_what, changes, reasons) => {
    const problems = problemsOf(changes);
    expect(problems).toHaveLength(reasons.length);
    for (const reason of reasons) expect(problems[0]).toContain(`GATEWAY_ADMIN_READ_TOKEN: ${reason}`);
  });
});
