import { describe, expect, it } from 'vitest';
import { forwardedPrefix } from './base-path.js';

describe('X-Forwarded-Prefix', () => {
  it.each<[string | string[] | undefined, string | undefined]>([
    ['/edge', '/edge'],
    ['/edge/', '/edge'],
    ['/a/b.c/d~e_f-g', '/a/b.c/d~e_f-g'],
    ['/', ''],
    ['', ''],
    [undefined, undefined],
    ['/evil, /edge', '/edge'],
    [['/evil', '/edge'], '/edge'],
    ['/edge, //evil.test', undefined],
    ['edge', undefined],
    ['//evil.test', undefined],
    ['/\\evil.test', undefined],
    ['/a//b', undefined],
    ['/../a', undefined],
    ['/a/..', undefined],
    ['/a/./b', undefined],
    ['/...', '/...'],
    ['/a?b', undefined],
    ['/a#b', undefined],
    ['/a%2Fb', undefined],
    ['/a"><script>', undefined],
    ['/\u00e9', undefined],
    [`/${'a'.repeat(256)}`, undefined],
    ['https://evil.test/a', undefined],
  ])('%j is read as %j', (header, expected) => {
    expect(forwardedPrefix(header)).toBe(expected);
  });
});
