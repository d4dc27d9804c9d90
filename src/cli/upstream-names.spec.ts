import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type NamedService, pathOf, serviceSet, type ServiceSet } from '../../test/support/named-services.js';
import type { Environment } from '../config/variables.js';
import { run } from './program.js';

const BASE: Environment = {
  AUTH_SERVICE_URL: 'auth:1',
  USER_SERVICE_URL: 'none',
  TENANT_SERVICE_URL: 'tenant:1',
  JWT_SECRET: 'a secret of more than 32 bytes, really',
};
const sets: ServiceSet[] = [];

afterEach(() => {
  for (const set of sets.splice(0)) set.remove();
});

async function gateway(args: readonly string[], env: Environment) {
  const out: string[] = [];
  const err: string[] = [];
  const exitCode = await run(args, { out: (line) => out.push(line), err: (line) => err.push(line) }, env);
  return { exitCode, out: out.join('\n'), err: err.join('\n') };
}

function envWith(services: readonly NamedService[], more: Environment = {}): Environment {
  const set = serviceSet(...services);
  sets.push(set);
  return { ...BASE, GATEWAY_DESCRIPTORS: set.path, ...more };
}

/** What `check` says of services whose upstreams all have an address. */
function check(services: readonly NamedService[], more: Environment = {}) {
  return gateway(['check'], envWith(services, more));
}

const service = (name: string, upstream?: string): NamedService => ({ name, ...(upstream && { upstream }) });

describe('the upstream of a service is', () => {
  test.each<[string, string, NamedService, Environment, string]>([
    ['the package', 'orders', service('orders.v1.Orders'), {}, 'package orders.v1'],
    [
      'its last segment before the version',
      'billing',
      service('acme.billing.v1.Billing'),
      {},
      'package acme.billing.v1',
    ],
    ['the same of a version that is not yet one', 'billing', service('acme.billing.v2beta1.Billing'), {}, 'package'],
    ['the same with a point release', 'billing', service('acme.billing.v1p1alpha.Billing'), {}, 'package'],
    ['the last segment where there is no version', 'billing', service('com.acme.billing.Billing'), {}, 'package'],
    ['the last segment behind a version', 'billing', service('acme.v1.billing.Billing'), {}, 'package acme.v1.billing'],
    ['the version where there is nothing else', 'v1', service('v1.Billing'), {}, 'package v1'],
    ['in small letters', 'userprofile', service('Acme.UserProfile.v1.Billing'), {}, 'package'],
    ['what the option of its proto says', 'money', service('acme.billing.v1.Billing', 'money'), {}, 'option (gateway'],
    ['what its option says without a package', 'money', service('Billing', 'money'), {}, 'option (gateway'],
    [
      'what GATEWAY_UPSTREAMS says of its package',
      'money',
      service('acme.billing.v1.Billing'),
      { GATEWAY_UPSTREAMS: 'acme.orders.v1=orders,acme.billing.v1=money' },
      'GATEWAY_UPSTREAMS',
    ],
    [
      'what GATEWAY_UPSTREAMS says of it, over its package',
      'money',
      service('acme.billing.v1.Billing'),
      { GATEWAY_UPSTREAMS: 'acme.billing.v1=other,acme.billing.v1.Billing=money' },
      'GATEWAY_UPSTREAMS',
    ],
    [
      'what GATEWAY_UPSTREAMS says, over its option',
      'money',
      service('acme.billing.v1.Billing', 'cash'),
      { GATEWAY_UPSTREAMS: 'acme.billing.v1=money' },
      'GATEWAY_UPSTREAMS',
    ],
    [
      'its own for a package that the gateway has too',
      'people',
      service('user.v1.UserService'),
      { GATEWAY_UPSTREAMS: 'user.v1=people' },
      'GATEWAY_UPSTREAMS',
    ],
  ])('%s: %s', async (...[, upstream, own, more, naming]) => {
    const url = `${upstream.toUpperCase()}_SERVICE_URL`;
    const env = envWith([own], { ...more, [url]: 'backend:1' });
    const { exitCode, out, err } = await gateway(['check'], env);
    expect({
      exitCode,
      err: err.replaceAll(/^warning: GATEWAY_UPSTREAMS: (?:names acme.orders|sends).*$/gm, ''),
    }).toEqual({
      exitCode: 0,
      err: '',
    });
    const packageName = own.name.slice(0, Math.max(0, own.name.lastIndexOf('.')));
    const owner = naming.startsWith('package') ? packageName : `${own.name} by ${naming}`;
    expect(out).toContain(`serves ${owner}`);
    const routes = await gateway(['routes'], env);
    expect(routes.out).toMatch(new RegExp(`^GET +${pathOf(own.name)} +${own.name}\\.Get .* ${upstream}$`, 'm'));
    const explained = await gateway(['explain', 'GET', pathOf(own.name)], env);
    expect(explained.out).toMatch(new RegExp(`upstream +${upstream} at dns:///backend:1 \\(${url}\\)`));
    expect(explained.out).toContain(naming);
  });
});

describe('a start is refused, and the way out named, for', () => {
  test.each<[string, NamedService[], Environment, RegExp]>([
    [
      'two packages that claim one name without saying so',
      [service('acme.billing.v1.Billing'), service('other.billing.v1.Billing')],
      { BILLING_SERVICE_URL: 'billing:1' },
      /other\/billing.*: the packages acme\.billing\.v1 and other\.billing\.v1 would both be the upstream "billing": .*\{upstream: "other_billing"\}.*GATEWAY_UPSTREAMS=other\.billing\.v1=other_billing; .*GATEWAY_UPSTREAMS=other\.billing\.v1=billing$/m,
    ],
    [
      'packages that differ in their case alone',
      [service('Billing.v1.Billing'), service('billing.v1.Other')],
      { BILLING_SERVICE_URL: 'billing:1' },
      /the packages Billing\.v1 and billing\.v1 would both be/,
    ],
    ...['auth', 'user', 'tenant', 'ai', 'guardrail'].map((name): [string, NamedService[], Environment, RegExp] => [
      `a package that claims the gateway's own "${name}", whether that exists or not`,
      [service(`acme.${name}.v1.Own`)],
      {},
      new RegExp(`the packages ${name}\\.v1 and acme\\.${name}\\.v1 would both be .*=acme_${name};`),
    ]),
    [
      'a name that cannot be that of a setting',
      [service('acme.billing.v1.Billing', 'Billing-API')],
      {},
      /"Billing-API" is not the name of an upstream.*: write upstream: "billing_api" in \(gateway\.v1\.service\)/,
    ],
    ['a package whose name cannot be one', [service('acme._9.v1.Billing')], {}, /"_9" is not the name of an upstream/],
    ['neither a package nor an option', [service('Billing')], {}, /Billing: needs a package, .* or the option/],
    [
      'an upstream without an address, which its package once had another name for',
      [service('acme.billing.v1.Billing')],
      { ACME_SERVICE_URL: 'acme:1' },
      /^BILLING_SERVICE_URL: is not set, but GATEWAY_DESCRIPTORS exposes 1 of its RPCs \(acme\.billing\.v1\); set it, .* for ACME_SERVICE_URL, set GATEWAY_UPSTREAMS=acme\.billing\.v1=acme$/m,
    ],
    [
      'a setting that names a package twice',
      [],
      { GATEWAY_UPSTREAMS: 'acme.billing.v1=billing,acme.billing.v1=money' },
      /^GATEWAY_UPSTREAMS: assigns acme\.billing\.v1 to the upstreams billing and money; name each/m,
    ],
    [
      'a setting without a name',
      [],
      { GATEWAY_UPSTREAMS: 'acme.billing.v1' },
      /does not name a package and its upstream/,
    ],
    ['a setting with a path', [], { GATEWAY_UPSTREAMS: '/acme=billing' }, /does not name a package and its upstream/],
    [
      'a setting with a bad name',
      [],
      { GATEWAY_UPSTREAMS: 'acme.v1=A-b' },
      /"A-b" is not the name.*; write acme.v1=a_b$/m,
    ],
  ])('%s', async (_, services, more, message) => {
    const { exitCode, err } = await check(services, more);
    expect(exitCode).toBe(78);
    expect(err).toMatch(message);
  });
});

describe('one upstream serves', () => {
  test.each<[string, NamedService[], Environment]>([
    ['versions of a package', [service('acme.billing.v1.Billing'), service('acme.billing.v2.Billing')], {}],
    ['services of a package', [service('acme.billing.v1.Billing'), service('acme.billing.v1.Invoices')], {}],
    [
      'packages that say so in their protos',
      [service('acme.billing.v1.Billing'), service('other.orders.v1.Orders', 'billing')],
      {},
    ],
    [
      'packages of which all but one say so',
      [service('acme.billing.v1.Billing'), service('other.billing.v1.Billing')],
      { GATEWAY_UPSTREAMS: 'other.billing.v1=billing' },
    ],
  ])('%s', async (_, services, more) => {
    const { exitCode, out, err } = await check(services, { BILLING_SERVICE_URL: 'billing:1', ...more });
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    expect(out).toMatch(/^ +billing +billing:1 understood/m);
  });
});

describe('a warning tells of', () => {
  test.each<[string, NamedService[], Environment, string]>([
    [
      'an option that a setting contradicts',
      [service('acme.billing.v1.Billing', 'cash')],
      { GATEWAY_UPSTREAMS: 'acme.billing.v1=money', MONEY_SERVICE_URL: 'money:1' },
      'sends acme.billing.v1.Billing to "money", although its proto says "cash": the setting wins; remove one of the two',
    ],
    [
      'a package that is nowhere',
      [service('acme.billing.v1.Billing')],
      { GATEWAY_UPSTREAMS: 'acme.biling.v1=money', BILLING_SERVICE_URL: 'billing:1' },
      'names acme.biling.v1, which is in no set of GATEWAY_DESCRIPTORS; did you mean acme.billing.v1?',
    ],
    [
      'a package of the gateway, which keeps its name',
      [service('acme.billing.v1.Billing')],
      { GATEWAY_UPSTREAMS: 'tenant.v1=money', BILLING_SERVICE_URL: 'billing:1' },
      'names tenant.v1, which is in no set of GATEWAY_DESCRIPTORS; mount its descriptor set, or remove it',
    ],
  ])('%s', async (_, services, more, warning) => {
    const { exitCode, err } = await check(services, more);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: `warning: GATEWAY_UPSTREAMS: ${warning}` });
  });
});

test('protos of somebody else are exposed by a policy file, and go where a setting says', async () => {
  const env = envWith([{ name: 'vendor.user.v1.Accounts', bare: true }]);
  const policyFile = join(dirname(env['GATEWAY_DESCRIPTORS'] ?? ''), 'api.yaml');
  const rule = 'selector: vendor.user.v1.Accounts.Get';
  const http = `http: {rules: [{${rule}, get: /accounts}]}`;
  writeFileSync(policyFile, `type: google.api.Service\n${http}\npolicy: {rules: [{${rule}, access: ACCESS_OPEN}]}`);
  const exposed = { ...env, GATEWAY_POLICY_FILE: policyFile };
  expect((await gateway(['check'], exposed)).err).toMatch(/user\.v1 and vendor\.user\.v1 would both be .* "user"/);
  const named = { ...exposed, GATEWAY_UPSTREAMS: 'vendor.user.v1=accounts', ACCOUNTS_SERVICE_URL: 'accounts:1' };
  expect(await gateway(['check'], named)).toMatchObject({ exitCode: 0, err: '' });
  expect((await gateway(['routes'], named)).out).toMatch(
    /^GET +\/accounts +vendor\.user\.v1\.Accounts\.Get .* accounts$/m,
  );
});

test('a route of the build whose upstream is left out is marked, and nothing else is said of it', async () => {
  const env = { ...BASE, TENANT_SERVICE_URL: 'none' };
  const { out } = await gateway(['routes'], env);
  expect(out).toMatch(/ai\.v1\.AIService\.ProcessQuery .* ai \(not set\)$/m);
  expect(out).toMatch(/auth\.v1\.AuthService\.Login .* auth$/m);
  expect(await gateway(['check'], env)).toMatchObject({ exitCode: 0, err: '' });
});

test('a service whose upstream is none is left out by any way of naming it', async () => {
  const services = [service('acme.billing.v1.Billing'), service('acme.orders.v1.Orders', 'shop')];
  const { exitCode, out } = await check(services, {
    GATEWAY_UPSTREAMS: 'acme.billing.v1=money',
    MONEY_SERVICE_URL: 'none',
    SHOP_SERVICE_URL: 'none',
  });
  expect(exitCode).toBe(0);
  expect(out).not.toContain('serves acme');
});
