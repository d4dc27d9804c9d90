import Fastify from 'fastify';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RouteMatcher } from './matcher.js';
import { toNestPath, toNestPaths } from './nest-path.js';
import { buildRouteTable } from './route-table.js';
import { shapesWith } from '../../test/support/shapes.js';

const OPEN = { access: 1 } as const;

/** GET routes with these templates, all on one RPC. Their variables are called a, b, … */
function routesOf(...templates: string[]) {
  const [first, ...others] = templates.map((get) => ({ pattern: { case: 'get', value: get } as const }));
  const service = shapesWith({ EchoKinds: { policy: OPEN, http: { ...first, additionalBindings: others } } });
  const { routes, problems } = buildRouteTable([service]);
  expect(problems).toEqual([]);
  return routes;
}

describe('the Nest path of a route', () => {
  it.each([
    ['/v1/users', '/v1/users'],
    ['/v1/{text}', '/v1/:text'],
    ['/v1/{inner.text}', '/v1/:inner_text'],
    ['/v1/*/x', '/v1/:segment1/x'],
    ['/v1/{text=a/*/b}', '/v1/a/:segment2/b'],
    ['/v1/ai:stream', '/v1/ai::stream'],
    ['/v1/{text}:go', '/v1/:text(^[^/]+)::go'],
    ['/v1/{text=**}', undefined],
    ['/v1/{text=**}:go', undefined],
    ['/v1/**', undefined],
    ['/a:b/c', undefined],
    ['/caf%C3%A9', undefined],
  ])('of %s is %s', (template, path) => {
    expect(routesOf(template).map(toNestPath)).toEqual([path]);
  });

  it('leaves to the matcher what one of its verbs outranks', () => {
    const routes = routesOf('/v1/{text}', '/v1/{text=**}:go', '/v1/x/{text}/meta', '/w/{text}');
    expect([...toNestPaths(routes).values()]).toEqual(['/v1/x/:text/meta', '/w/:text']);
  });

  it('leads the HTTP router to the route that the matcher finds', async () => {
    const routes = routesOf(
      '/v/{text}',
      '/v/{text}:go',
      '/v/s',
      '/v:go',
      '/v/{text}/s',
      '/v/s/{text=x/*}',
      '/v/s/s:go',
    );
    const matcher = new RouteMatcher(routes);
    const app = Fastify({ routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true } });
    for (const [route, path] of toNestPaths(routes)) app.get(path, () => route.template);
    const segment = fc.constantFrom('v', 's', 'x', 'a', 'a:go', 'a:b:go', 's:go', 'a:b', '%73', 'a%20b', '');
    await fc.assert(
      fc.asyncProperty(fc.array(segment, { maxLength: 5 }), async (segments) => {
        const path = `/${segments.join('/')}`;
        const found = matcher.match('GET', path);
        const answer = await app.inject({ url: path.replace(/^\/+/, '/') });
        expect([path, answer.statusCode === 200 ? answer.body : 'not_found']).toEqual([
          path,
          found.kind === 'found' ? found.route.template : found.kind,
        ]);
      }),
    );
    await app.close();
  });
});
