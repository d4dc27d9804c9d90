import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ShapesBackend, startShapesGateway, TENANT_CACHE } from '../support/cached-shapes.js';
import { Client } from '../support/client.js';
import type { TestGateway } from '../support/gateway.js';
import { expectFetchProblem } from '../support/problem.js';

const SHAPES = '/shapes/v1/shapes';

let shapes: ShapesBackend;
let gateway: TestGateway;
let alice: Client;

beforeAll(async () => {
  shapes = await ShapesBackend.start(TENANT_CACHE);
  gateway = await startShapesGateway(shapes);
  alice = await Client.of(gateway, 'alice@acme.test');
});
afterAll(async () => {
  await gateway.close();
  shapes.close();
});

/** The tag of an answer that is cached from then on. */
async function tagOf(path: string): Promise<string> {
  const response = await alice.get(path);
  await response.arrayBuffer();
  return response.headers.get('etag') ?? '';
}

describe('the answer of a cached route', () => {
  it('has a strong tag, and may be kept by the client alone', async () => {
    const { headers } = await alice.get(`${SHAPES}?page_size=1`);
    expect(headers.get('etag')).toMatch(/^"[\w-]{22}"$/);
    expect(headers.get('cache-control')).toBe('private, no-cache');
    expect(headers.get('vary')).toBe('Authorization, Cookie, Origin, X-API-Key');
  });

  it.each([
    ['as it is', (tag: string) => tag],
    ['made weak', (tag: string) => `W/${tag}`],
    ['among others', (tag: string) => `"other", ${tag}`],
    ['as a star', () => '*'],
  ])('is not sent again to a client that names its tag %s', async (_how, named) => {
    const path = `${SHAPES}?page_size=2`;
    const tag = await tagOf(path);
    const response = await alice.get(path, { 'if-none-match': named(tag) });
    expect(response.status).toBe(304);
    expect(await response.text()).toBe('');
    expect(response.headers.get('etag')).toBe(tag);
    expect(response.headers.get('cache-control')).toBe('private, no-cache');
    expect(response.headers.get('content-type')).toBeNull();
  });

  it('is sent whole when it has changed', async () => {
    const tag = await tagOf(`${SHAPES}?page_size=3`);
    const response = await alice.get(`${SHAPES}?page_size=4`, { 'if-none-match': tag });
    expect(response.status).toBe(200);
    expect(response.headers.get('etag')).not.toBe(tag);
    expect(await response.json()).toHaveProperty('shapes');
  });

  it('is 401 without a credential, whatever tag is named', async () => {
    const tag = await tagOf(`${SHAPES}?page_size=5`);
    const anonymous = await fetch(`${gateway.url}${SHAPES}?page_size=5`, { headers: { 'if-none-match': tag } });
    await expectFetchProblem(anonymous, 'UNAUTHENTICATED');
    expect(anonymous.headers.get('etag')).toBeNull();
  });

  it('is documented with its 304', async () => {
    const document = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as {
      paths: Record<string, { get?: { responses: Record<string, unknown> } }>;
    };
    expect(document.paths[SHAPES]?.get?.responses).toHaveProperty('304');
    expect(document.paths['/api/v1/users']?.get?.responses).not.toHaveProperty('304');
  });
});

describe('the answer of another route', () => {
  it('has no tag and is not to be kept', async () => {
    const { headers } = await alice.get('/api/v1/users?page_size=1');
    expect(headers.get('etag')).toBeNull();
    expect(headers.get('cache-control')).toBe('no-store');
  });
});
