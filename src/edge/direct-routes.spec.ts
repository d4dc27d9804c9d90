import { describe, expect, it } from 'vitest';
import type { CompiledRoute } from '../contract/compiled-route.js';
import { parsePathTemplate } from '../contract/path-template.js';
import type { Route } from '../contract/route.js';
import { directRoutes } from './direct-routes.js';

const routeOf = (text: string): Route => {
  const [verb = '', template = ''] = text.split(' ');
  return { verb, template, path: parsePathTemplate(template) } as unknown as Route;
};

const USER = 'GET /v1/users/{id}';

describe('routes that the HTTP router still finds by itself', () => {
  it.each<[string, string[], string[]]>([
    ['all of them while nothing is new', [], [USER]],
    ['one beside a new path', ['GET /v1/books/{id}'], [USER]],
    ['not one whose paths a new route shares', ['GET /v1/users/newest'], []],
    ['not one whose paths a new wildcard shares', ['GET /v1/{name=**}'], []],
    ['not one that a new route with a custom verb may be taken for', ['GET /v1/users/{id}:watch'], []],
    ['one whose paths a new route of another verb shares', ['PUT /v1/users/{id}'], [USER]],
    ['not one whose HEAD a new route takes', ['HEAD /v1/users/{id}'], []],
  ])('are %s', (_, added, expected) => {
    const mounted = routeOf(USER);
    const routes = [mounted, ...added.map(routeOf)].map((route) => ({ route }) as CompiledRoute);
    const direct = directRoutes({ routes }, new Set([mounted]));
    expect([...direct.keys()].map(({ verb, template }) => `${verb} ${template}`)).toEqual(expected);
  });

  it('are not those that are gone', () => {
    expect(directRoutes({ routes: [] }, new Set([routeOf(USER)])).size).toBe(0);
  });
});
