import { describe, expect, it } from 'vitest';
import { parsePathTemplate, PathTemplateError } from './path-template.js';
import type { PathTemplate } from './path-template.js';

/** `v1 * user.id=1..2 :verb`: a template on one line. */
function show({ segments, variables, verb }: PathTemplate): string {
  const texts = segments.map((each) => (each.kind === 'literal' ? each.text : each.kind === 'single' ? '*' : '**'));
  const bound = variables.map((each) => `${each.fieldPath}=${each.start}..${each.end}${each.multiSegment ? '+' : ''}`);
  return [texts.join(' '), ...bound, ...(verb === undefined ? [] : [`:${verb}`])].join(' | ');
}

describe('a path template', () => {
  it.each([
    ['/v1', 'v1'],
    ['/v1/users', 'v1 users'],
    ['/v1/*/users', 'v1 * users'],
    ['/v1/**', 'v1 **'],
    ['/**', '**'],
    ['/v1/{user_id}', 'v1 * | user_id=1..2'],
    ['/v1/{user.id}/{b}', 'v1 * * | user.id=1..2 | b=2..3'],
    ['/v1/{name=*}', 'v1 * | name=1..2'],
    ['/v1/{name=**}', 'v1 ** | name=1..2+'],
    ['/v1/{name=shelves/*}', 'v1 shelves * | name=1..3+'],
    ['/v1/{name=shelves/*/books/**}', 'v1 shelves * books ** | name=1..5+'],
    ['/v1/{name=shelves/*}/books/{book}', 'v1 shelves * books * | name=1..3+ | book=4..5'],
    ['/v1/{fixed=users}', 'v1 users | fixed=1..2'],
    ['/v1/ai:stream', 'v1 ai | :stream'],
    ['/v1/{id}:disable', 'v1 * | id=1..2 | :disable'],
    ['/v1/{path=**}:download', 'v1 ** | path=1..2+ | :download'],
    ['/a:b/c', 'a:b c'],
    ['/a:b:c', 'a:b | :c'],
    ['/{v=a:b}', 'a:b | v=0..1'],
    ['/v1/caf%C3%A9', 'v1 café'],
    ["/~a-b.c_d!e$f&g'h(i)j+k,l=m@n", "~a-b.c_d!e$f&g'h(i)j+k,l=m@n"],
  ])('%s is understood', (template, shown) => {
    expect(show(parsePathTemplate(template))).toBe(shown);
  });

  it.each([
    ['', 0, 'must begin with "/"'],
    ['v1', 0, 'must begin with "/"'],
    ['/', 1, 'expected a segment'],
    ['/v1/', 4, 'may not end with "/"'],
    ['/v1//users', 4, 'empty segment'],
    ['/v1/{id', 7, 'opened at position 4 needs a "}"'],
    ['/v1/{}', 5, 'expected the name of a field'],
    ['/v1/{id=}', 8, 'unexpected "}"'],
    ['/v1/{1id}', 5, '"1id" is no field path'],
    ['/v1/{a..b}', 5, '"a..b" is no field path'],
    ['/v1/{a.}', 5, '"a." is no field path'],
    ['/v1/{a-b}', 6, 'needs a "}"'],
    ['/v1/{a={b}}', 7, 'may not contain another variable'],
    ['/v1/{a}/{a}', 8, 'bound twice'],
    ['/v1/{a=**}/b', 10, '"**" must be the last segment'],
    ['/v1/**/b', 6, '"**" must be the last segment'],
    ['/v1/***', 6, 'only "*" and "**" are wildcards'],
    ['/v1/a*', 5, 'unexpected "*"'],
    ['/v1/{a}b', 7, 'unexpected "b"'],
    ['/v1/a{b}', 5, 'unexpected "{"'],
    ['/v1/a}', 5, 'unexpected "}"'],
    ['/v1/a:', 6, 'expected the name of the verb'],
    ['/v1/{a}:', 8, 'expected the name of the verb'],
    ['/v1/:a', 4, 'expected a segment before the verb'],
    ['/v1/{a}:b:c', 8, 'a verb may not contain ":"'],
    ['/v1/{a}:b/c', 9, 'unexpected "/"'],
    ['/v1/a b', 5, 'unexpected " "'],
    ['/v1/a?b', 5, 'unexpected "?"'],
    ['/v1/a;b', 5, 'unexpected ";"'],
    ['/v1/é', 4, 'unexpected "é"'],
    ['/v1/a%2', 5, 'two hexadecimal digits'],
    ['/v1/a%zz', 5, 'two hexadecimal digits'],
    ['/v1/%FF', 4, 'not UTF-8'],
    ['/v1/a%2Fb', 4, 'no request path can hold'],
    ['/v1/%00', 4, 'no request path can hold'],
    ['/v1/../a', 4, 'no request path can hold'],
    [`/${'a'.repeat(2048)}`, 2048, '2048 characters at most'],
    [`${'/a'.repeat(65)}`, 129, '64 segments at most'],
  ])('%s is refused at position %i', (template, position, reason) => {
    const attempt = () => parsePathTemplate(template);
    expect(attempt).toThrow(PathTemplateError);
    expect(attempt).toThrow(expect.objectContaining({ position, message: expect.stringContaining(reason) }));
  });
});
