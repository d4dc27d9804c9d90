import { describe, expect, it } from 'vitest';
import { shapeService } from '../../test/support/shapes.js';
import { UserService } from '../gen/user/v1/user_pb.js';
import { RouteMatcher } from './matcher.js';
import { variableValues } from './raw-path.js';
import { buildRouteTable } from './route-table.js';
import type { Route } from './route.js';

const { routes } = buildRouteTable([shapeService, UserService]);
const matcher = new RouteMatcher(routes);

/** `GetUser 42`, or what came instead. */
function match(verb: string, path: string): string {
  const result = matcher.match(verb, path);
  if (result.kind === 'found') return [result.route.method.name, ...result.values].join(' ');
  if (result.kind === 'method_not_allowed') return `405 ${result.allow.join(',')}`;
  return result.kind;
}

function findRoute(path: string): Route {
  const result = matcher.match('GET', path);
  if (result.kind !== 'found') throw new Error(`no route matches ${path}`);
  return result.route;
}

describe('the matcher', () => {
  it.each([
    ['GET', '/api/v1/users', 'ListUsers'],
    ['GET', '/api/v1/users/42', 'GetUser 42'],
    ['GET', '/api/v1/users/search', 'SearchUsers'],
    ['GET', '/api/v1/users?x=/y', 'ListUsers'],
    ['HEAD', '/api/v1/users/42', 'GetUser 42'],
    ['DELETE', '/api/v1/users/search', 'DeleteUser search'],
    ['GET', '/shapes/v1/shapes/default', 'GetDefaultShape'],
    ['GET', '/shapes/v1/shapes/1:watch', 'WatchShape 1'],
    ['GET', '/shapes/v1/shapes/1:other', 'GetShape 1:other'],
    ['GET', '/shapes/v1/shapes/urn:x:1:watch', 'WatchShape urn:x:1'],
    ['GET', '/shapes/v1/shapes/1%3Awatch', 'GetShape 1:watch'],
    ['GET', '/shapes/v1/shapes/:watch', 'GetShape :watch'],
    ['POST', '/shapes/v1/shapes/1:rotate', 'RotateShape 1'],
    ['GET', '/shapes/v1/shelves/a/books/b', 'GetBook shelves/a/books/b'],
    ['GET', '/shapes/v1/shelves/a/books/b/pages', 'ListPages shelves/a/books/b'],
    ['GET', '/shapes/v1/books/isbn/2', 'GetBook isbn 2'],
    ['GET', '/shapes/v1/files/a/b/c', 'GetFile a/b/c'],
    ['GET', '/shapes/v1/files', 'GetFile '],
    ['GET', '/shapes/v1/files/a/b:download', 'DownloadFile a/b'],
    ['GET', '/shapes/v1/files/a/b:other', 'GetFile a/b:other'],
    ['PUT', '/shapes/v1/files/a', 'UploadFile a'],
    ['REPORT', '/shapes/v1/books', 'FindBooks'],
    ['DELETE', '/shapes/v1/anything/shapes/7', 'DeleteShape 7'],
    ['POST', '/shapes/v1/kinds/1/COLOR_RED', 'EchoKinds 1 COLOR_RED'],
  ])('%s %s is %s', (verb, path, expected) => {
    expect(match(verb, path)).toBe(expected);
  });

  it.each([
    ['/api/v1/users/', 'ListUsers'],
    ['//api///v1/users//42//', 'GetUser 42'],
    ['/api/v1/%75sers/42', 'GetUser 42'],
    ['/shapes/v1/files//a//b', 'GetFile a/b'],
  ])('tolerates the slashes and encodings of %s', (path, expected) => {
    expect(match('GET', path)).toBe(expected);
  });

  it.each([
    ['/api/v1/users/a%20b', 'GetUser a b'],
    ['/api/v1/users/%E2%82%AC', 'GetUser €'],
    ['/api/v1/users/a%3Bb', 'GetUser a;b'],
    ['/api/v1/users/a%252Fb', 'GetUser a%2Fb'],
    ['/api/v1/users/a+b', 'GetUser a+b'],
    ['/shapes/v1/files/a%20b/c%2Fd/e%2ff', 'GetFile a b/c%2Fd/e%2ff'],
    ['/shapes/v1/shelves/a%2Fb/books/c%20d', 'GetBook shelves/a%2Fb/books/c d'],
    [`/api/v1/users/${'é'.repeat(512)}`.replaceAll('é', '%C3%A9'), `GetUser ${'é'.repeat(512)}`],
  ])('decodes %s', (path, expected) => {
    expect(match('GET', path)).toBe(expected);
  });

  it.each([
    '/api/v1/users/%00',
    '/api/v1/users/a%0Ab',
    '/api/v1/users/%7F',
    '/api/v1/users/%C2%80',
    '/api/v1/users/a\tb',
    '/api/v1/users/a b',
    '/api/v1/users/é',
    '/api/v1/users/a;b',
    '/api/v1/users/a#b',
    '/api/v1/users/a\\b',
    '/api/v1/users/a%2Fb',
    '/api/v1/users/a%5Cb',
    '/api/v1/users/%',
    '/api/v1/users/%2',
    '/api/v1/users/%zz',
    '/api/v1/users/%FF',
    '/api/v1/users/%C0%AF',
    '/api/v1/users/%E2%82',
    '/api/v1/users/%ED%A0%80',
    '/api/v1/users/.',
    '/api/v1/users/..',
    '/api/v1/users/%2e%2e',
    '/api/v1/users/.%2E/tenants',
    '/shapes/v1/files/a/../b',
    '/shapes/v1/files/a%2F..%2Fb',
    '/shapes/v1/files/..%5Cb',
    '/shapes/v1/files/a/..:download',
    '/shapes/v1/files/a%2F..:download',
    '/shapes/v1/files/%2e:download',
    `/api/v1/users/${'a'.repeat(1025)}`,
    `/api/v1/users/${'%C3%A9'.repeat(513)}`,
    `/shapes/v1/files/${'a/'.repeat(300)}`,
    '/no/such/path/%00',
  ])('refuses %j', (path) => {
    expect(match('GET', path)).toBe('invalid');
  });

  it('says nothing of what the client sent when it refuses a path', () => {
    expect(matcher.match('GET', '/api/v1/users/%00secret')).toEqual({
      kind: 'invalid',
      detail: 'The path holds a control character.',
    });
  });

  it.each([
    ['POST', '/api/v1/users/42', '405 DELETE,GET,HEAD,PATCH,PUT'],
    ['TRACE', '/shapes/v1/files/a', '405 GET,HEAD,PUT'],
    ['HEAD', '/shapes/v1/shapes/1:rotate', 'GetShape 1:rotate'],
    ['GET', '/shapes/v1/anything/shapes/7', '405 DELETE'],
    ['GET', '/api/v1/nothing', 'not_found'],
    ['GET', '/api/v1/users/42/more', 'not_found'],
    ['GET', '/', 'not_found'],
    ['GET', '', 'not_found'],
    ['GET', '*', 'not_found'],
    ['GET', 'http://other/api/v1/users', 'not_found'],
    ['GET', '/API/v1/users', 'not_found'],
    ['GET', '/__proto__/constructor', 'not_found'],
  ])('%s %s is %s', (verb, path, expected) => {
    expect(match(verb, path)).toBe(expected);
  });

  it('answers a path that could match many ways without going through them all', () => {
    expect(match('GET', `/shapes/v1/${'shelves/'.repeat(250)}`)).toBe('not_found');
  });
});

describe('the values of a route that another router matched', () => {
  const getUser = findRoute('/api/v1/users/42');
  const watch = findRoute('/shapes/v1/shapes/1:watch');

  it.each(['/api/v1/users/a%20b', '//api/v1/users/a%20b/?x=1'])('come from the raw path %s', (path) => {
    expect(variableValues(getUser, path)).toEqual(['a b']);
  });

  it('are the same as those of the matcher for every route and path', () => {
    for (const path of [
      '/shapes/v1/shelves/a/books/b%20c',
      '/shapes/v1/files/x/y:download',
      '/shapes/v1/shapes/1:watch',
    ]) {
      expect(matcher.match('GET', path)).toMatchObject({ values: variableValues(findRoute(path), path) });
    }
  });

  it.each([
    [getUser, '/api/v1/users/%2e%2e', 'MALFORMED_REQUEST'],
    [getUser, '/api/v1/users/a%2Fb', 'MALFORMED_REQUEST'],
    [getUser, '/api/v1/users/a/b', 'MALFORMED_REQUEST'],
    [watch, '/shapes/v1/shapes/a%3Awatch', 'MALFORMED_REQUEST'],
    [watch, '/shapes/v1/shapes/..:watch', 'MALFORMED_REQUEST'],
  ])('are refused where the matcher would refuse or go elsewhere', (route, path, code) => {
    expect(() => variableValues(route, path)).toThrow(expect.objectContaining({ code }));
  });
});
