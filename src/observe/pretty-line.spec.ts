import { describe, expect, it } from 'vitest';
import { paint, plain, prettyLine } from './pretty-line.js';

const TS = new Date(2026, 0, 2, 15, 4, 5, 67).toISOString();
const request = (changes: object = {}): string =>
  JSON.stringify({
    level: 'info',
    ts: TS,
    service: 'api-gateway',
    logType: 'ACCESS',
    request_id: 'r-1',
    method: 'GET',
    request_uri: '/api/v1/users/acme-alice',
    status: 200,
    duration_ms: 12.345,
    upstream: 'user',
    grpc_code: 'OK',
    retries: 0,
    response_cache: '',
    tenant_id: 'acme',
    identity_id: 'acme-alice',
    error_code: '',
    error_cause: '',
    ...changes,
  });
const event = (changes: object): string =>
  JSON.stringify({
    level: 'info',
    ts: TS,
    service: 'api-gateway',
    env: 'test',
    pod: 'p',
    msg: 'listening',
    ...changes,
  });

describe('a line for people', () => {
  it.each([
    ['a request', request(), '15:04:05.067 GET     200   12.3 ms /api/v1/users/acme-alice user/OK acme-alice@acme r-1'],
    [
      'a request of nobody to nothing',
      request({
        status: 404,
        method: 'DELETE',
        upstream: '',
        identity_id: '',
        error_code: 'ROUTE_NOT_FOUND',
        error_cause: 'No route.',
      }),
      '15:04:05.067 DELETE  404   12.3 ms /api/v1/users/acme-alice ROUTE_NOT_FOUND: No route. r-1',
    ],
    [
      'a request with attempts and a cache',
      request({ retries: 2, response_cache: 'stale', grpc_code: '' }),
      '15:04:05.067 GET     200   12.3 ms /api/v1/users/acme-alice user/- retries=2 cache=stale acme-alice@acme r-1',
    ],
    ['an event', event({ url: 'http://127.0.0.1:8080' }), '15:04:05.067 info  listening url=http://127.0.0.1:8080'],
    [
      'an event with values of all kinds',
      event({ n: 1, on: true, list: ['a'], none: null, empty: '' }),
      '15:04:05.067 info  listening n=1 on=true list=["a"]',
    ],
    [
      'an event whose message holds its fields',
      event({ msg: 'degraded component=redis', component: 'redis', cause: 'x' }),
      '15:04:05.067 info  degraded component=redis cause=x',
    ],
    ['what is not JSON', 'oops\u0007', 'oops\\x07'],
  ])('is short for %s', (_what, json, line) => {
    expect(prettyLine(json, plain)).toBe(`${line}\n`);
  });

  it.each([
    [
      'an escape sequence in a path',
      request({ request_uri: '/\u001b[2J\u001b]0;title\u0007' }),
      '/\\x1b[2J\\x1b]0;title\\x07',
    ],
    ['a line feed in an identity', request({ identity_id: 'a\nb' }), 'a\\x0ab@acme'],
    ['a C1 control in a cause', request({ error_code: 'X', error_cause: '\u009b31m' }), 'X: \\x9b31m'],
    ['text that runs backwards', request({ request_uri: '/\u202egnp' }), '/\\u202egnp'],
    ['an escape sequence in the field of an event', event({ output: '\u001b[31m' }), 'output=\\x1b[31m'],
    ['an escape sequence in the message of an event', event({ msg: 'a\u001bb' }), 'a\\x1bb'],
  ])('lets %s do nothing to the terminal', (_what, json, shown) => {
    const line = prettyLine(json, plain);
    expect(line).toContain(shown);
    // oxlint-disable-next-line no-control-regex -- none but the line feed at its end
    expect(line).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u202e]*\n$/);
  });

  it('is bounded, whatever a client sends', () => {
    const long = 'x'.repeat(100_000);
    expect(
      prettyLine(request({ request_uri: long, identity_id: long, error_cause: long, error_code: 'X' }), plain).length,
    ).toBeLessThan(1_000);
    expect(prettyLine(long, plain).length).toBeLessThan(1_000);
    expect(prettyLine(event({ msg: long }), plain).length).toBeLessThan(1_000);
  });

  it('has the stack of an error below it', () => {
    const err = { type: 'Error', message: 'no', stack: 'Error: no\n    at f (a.ts:1:2)' };
    expect(prettyLine(event({ level: 'error', err, msg: 'request failed' }), plain).split('\n')).toEqual([
      '15:04:05.067 error request failed',
      '    Error: no',
      '        at f (a.ts:1:2)',
      '',
    ]);
  });

  it('has no color where it has no text', () => {
    expect(prettyLine(request({ upstream: '' }), paint)).not.toContain('m\u001b[0m');
  });

  it.each([
    [200, '\u001b[32m200\u001b[0m'],
    [304, '\u001b[36m304\u001b[0m'],
    [404, '\u001b[33m404\u001b[0m'],
    [503, '\u001b[31m503\u001b[0m'],
  ])('shows status %i by its color', (status, colored) => {
    expect(prettyLine(request({ status }), paint)).toContain(colored);
  });
});
