import { describe, expect, it } from 'vitest';
import { inspectEnvironment } from './environment.js';
import type { Environment } from './variables.js';

const BASE: Environment = {
  AUTH_SERVICE_URL: 'localhost:1',
  USER_SERVICE_URL: 'localhost:2',
  TENANT_SERVICE_URL: 'localhost:3',
  JWT_SECRET: 'a secret of more than 32 bytes, really',
};
const HOOK = { GATEWAY_ALERT_WEBHOOK_URL: 'https://hooks.test/services/T0/hush' };
const TAG = { GATEWAY_DEPLOYMENT_TAG: 'acme-prod' };

const problemsOf = (changes: Environment) => inspectEnvironment({ ...BASE, ...changes }).problems;

describe('alerts', () => {
  it.each<[string, Environment]>([
    ['nowhere', {}],
    ['with a tag', { ...HOOK, ...TAG }],
    ['that do not exist, with a tag', TAG],
    ['to this machine', { GATEWAY_ALERT_WEBHOOK_URL: 'http://127.0.0.1:9/hook', ...TAG }],
  ])('%s are allowed', (_what, changes) => {
    expect(problemsOf(changes)).toEqual([]);
  });

  it.each<[string, Environment, string]>([
    ['without a tag', HOOK, 'GATEWAY_DEPLOYMENT_TAG'],
    ['with a tag of two words', { ...HOOK, GATEWAY_DEPLOYMENT_TAG: '[acme prod]' }, 'GATEWAY_DEPLOYMENT_TAG'],
    ['unencrypted', { GATEWAY_ALERT_WEBHOOK_URL: 'http://hooks.test/hush', ...TAG }, 'GATEWAY_ALERT_WEBHOOK_URL'],
    ['to no URL', { GATEWAY_ALERT_WEBHOOK_URL: 'hush', ...TAG }, 'GATEWAY_ALERT_WEBHOOK_URL'],
  ])('%s are refused, once, without printing the URL', (_what, changes, name) => {
    const problems = problemsOf(changes);
    expect(problems.map((problem) => problem.name)).toEqual([name]);
    expect(JSON.stringify(problems)).not.toContain('hush');
  });
});
