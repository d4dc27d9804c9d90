import { rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { callAdmin } from '../support/admin.js';
import { lineOf } from '../support/gateway.js';
import { Scrape } from '../support/metrics.js';
import { BOOK, ReloadFixture, SLOW } from '../support/reload-fixture.js';

let fixture: ReloadFixture;
beforeAll(async () => {
  fixture = await ReloadFixture.start();
});
afterAll(() => fixture.close());
beforeEach(() => fixture.reset());

const get = (path: string) => fetch(fixture.gateway.url + path);
const statusOf = async (path: string) => (await get(path)).status;
const templates = async () => {
  const { routes } = (await (await callAdmin(fixture.gateway, 'GET', '/admin/routes')).json()) as {
    routes: { template: string }[];
  };
  return routes.map(({ template }) => template).filter((template) => template.startsWith('/extra/'));
};
const documented = async () => {
  const { paths } = (await (await get('/openapi.json')).json()) as { paths: object };
  return Object.keys(paths).filter((path) => path.startsWith('/extra/'));
};
const last = (msg: string) => fixture.gateway.lines.findLast((line) => String(line.msg).startsWith(msg));

describe('a reload of the contracts', () => {
  it('adds, changes and removes routes', async () => {
    const before = (await lineOf(fixture.gateway, await get('/extra/v1/old'))).policy_revision;
    const response = await fixture.reloadTo(fixture.later);
    expect(response.status).toBe(200);
    const report = (await response.json()) as { policyRevision: string };
    expect(report).toMatchObject({
      routesAdded: ['GET /extra/v1/books/newest', 'GET /extra/v1/else/{id}'],
      routesRemoved: ['GET /extra/v1/old'],
      settings: [],
      needRestart: [],
    });
    expect(await statusOf('/extra/v1/old')).toBe(404);
    expect(await (await get('/extra/v1/else/1')).json()).toEqual({ id: '1', title: 'Doe', price: '7' });
    expect(await statusOf('/extra/v1/books/1')).toBe(401);
    expect(await (await fixture.alice.get('/extra/v1/books/1')).json()).toEqual({ id: '1', title: 'Doe' });
    const { route, policy_revision } = await lineOf(fixture.gateway, await get('/extra/v1/else/1'));
    expect({ route, policy_revision }).toEqual({
      route: '/extra/v1/else/{id}',
      policy_revision: report.policyRevision,
    });
    expect(report.policyRevision).not.toBe(before);
  });

  it('gives a new route its paths that another one had', async () => {
    expect(await statusOf('/extra/v1/books/newest')).toBe(200);
    await fixture.reloadTo(fixture.later);
    const { route } = await lineOf(fixture.gateway, await get('/extra/v1/books/newest'));
    expect(route).toBe('/extra/v1/books/newest');
    expect((await fetch(`${fixture.gateway.url}/extra/v1/books/newest`, { method: 'HEAD' })).status).toBe(200);
    expect((await fetch(`${fixture.gateway.url}/extra/v1/books/newest`, { method: 'POST' })).headers.get('allow')).toBe(
      'GET, HEAD, OPTIONS',
    );
  });

  it('is followed by the documentation, the admin listener and the metrics', async () => {
    await fixture.reloadTo(fixture.later);
    const paths = [
      '/extra/v1/books/newest',
      '/extra/v1/books/{id}',
      '/extra/v1/books/{id}:watch',
      '/extra/v1/else/{id}',
    ];
    expect((await documented()).toSorted()).toEqual(paths);
    expect((await templates()).toSorted()).toEqual(paths);
    const scrape = await Scrape.of(fixture.gateway.url);
    expect(scrape.values('gateway_policy_revision')).toEqual([1]);
    expect(scrape.sum(`gateway_policy_revision{revision="${String(last('policy_reloaded')?.policy_revision)}"}`)).toBe(
      1,
    );
    await fixture.reloadTo(fixture.former);
    expect((await templates()).toSorted()).toEqual([
      '/extra/v1/books/{id}',
      '/extra/v1/books/{id}:watch',
      '/extra/v1/old',
    ]);
    expect(await statusOf('/extra/v1/old')).toBe(200);
  });

  it('leaves a request in flight the policy that it began with', async () => {
    const slow = get(`/extra/v1/books/${SLOW}`);
    await expect.poll(() => fixture.release).toBeDefined();
    await fixture.reloadTo(fixture.later);
    fixture.release?.();
    const response = await slow;
    expect([response.status, await response.json()]).toEqual([200, { id: '1', title: 'Doe', price: '7' }]);
  });

  it('leaves open streams alone', async () => {
    const opened = fixture.alice.get('/extra/v1/books/1:watch', { accept: 'text/event-stream' });
    await expect.poll(() => fixture.streams.length).toBe(1);
    fixture.streams[0]?.write(BOOK);
    const response = await opened;
    await fixture.reloadTo(fixture.later);
    fixture.streams[0]?.write(BOOK);
    fixture.streams[0]?.end();
    const events = (await response.text()).match(/"title":"Doe"/g);
    expect(events).toHaveLength(2);
  });
});

describe('a set with mistakes', () => {
  const garbage = () => writeFileSync(fixture.file, 'not a descriptor set');

  it.each<[string, () => void, RegExp]>([
    ['a file that is no descriptor set', garbage, /no complete descriptor set/],
    ['a file that is not there', () => rmSync(fixture.file), /ENOENT|does not exist|cannot be read/],
    ['routes that conflict', () => fixture.mount(fixture.conflicting), /matches the same paths/],
    ['a setting that is wrong', () => (fixture.settings = { RATE_LIMIT_RPS: 'many' }), /^RATE_LIMIT_RPS: /],
    [
      'settings that contradict each other',
      () => (fixture.settings = { GATEWAY_REQUEST_TIMEOUT: '1s' }),
      /GATEWAY_REQUEST_TIMEOUT/,
    ],
    ['a name that is not a setting', () => (fixture.settings = { GATEWAY_NONSENSE: '1' }), /^GATEWAY_NONSENSE: /],
    [
      'keys that cannot be fetched',
      () => (fixture.settings = { JWT_JWKS_URL: 'http://127.0.0.1:9/jwks' }),
      /keys cannot be fetched/,
    ],
    [
      'a contract that does not fit what a setting was at the start',
      () => {
        fixture.settings = { GATEWAY_GRPC_MAX_SEND_BYTES: '16MiB' };
        fixture.mount(fixture.heavy);
      },
      /takes bodies of 8MiB[^]*^GATEWAY_GRPC_MAX_SEND_BYTES: needs a restart/m,
    ],
    [
      'a setting that needs a restart, which the next start would be refused for',
      () => (fixture.settings = { GATEWAY_GRPC_MAX_SEND_BYTES: '10KiB', GATEWAY_MAX_BODY_BYTES: '8KiB' }),
      /takes bodies of 16KiB/,
    ],
    [
      'a mistake beside a good change',
      () => {
        fixture.settings = { RATE_LIMIT_RPS: 'many', LOG_LEVEL: 'debug' };
        fixture.mount(fixture.later);
      },
      /^RATE_LIMIT_RPS: /,
    ],
  ])('is refused as a whole: %s', async (_, spoil, reason) => {
    spoil();
    const response = await callAdmin(fixture.gateway, 'POST', '/admin/reload');
    expect(response.status).toBe(400);
    const { errors, code } = (await response.json()) as { errors: { detail: string }[]; code: string };
    expect(code).toBe('FAILED_PRECONDITION');
    expect(errors.map(({ detail }) => detail).join('\n')).toMatch(reason);
    expect(last('policy_reload_failed')?.reasons).toEqual(errors.map(({ detail }) => detail));
    expect([await statusOf('/extra/v1/old'), await statusOf('/extra/v1/else/1')]).toEqual([200, 404]);
    expect((await fixture.alice.get('/api/v1/me')).status).toBe(200);
    expect(fixture.gateway.lines.some(({ level }) => level === 'debug')).toBe(false);
    expect((await Scrape.of(fixture.gateway.url)).values('gateway_config_last_reload_successful')).toEqual([0]);
    fixture.mount(fixture.former);
    fixture.settings = {};
    await fixture.gateway.gateway.reload();
    expect((await Scrape.of(fixture.gateway.url)).values('gateway_config_last_reload_successful')).toEqual([1]);
  });
});
