import { describe, expect, test } from 'vitest';
import { GatewayError } from '../domain/errors.js';
import { checkReturnTo } from './sso-request.js';

const ORIGIN = 'https://api.example.com';

/** Where a browser would end up: the WHATWG URL standard is what browsers follow. */
function isElsewhere(location: string): boolean {
  return !URL.canParse(location, ORIGIN) || new URL(location, ORIGIN).origin !== ORIGIN;
}

function isAccepted(value: string): boolean {
  try {
    checkReturnTo(value, ORIGIN);
    return true;
  } catch (error) {
    if (error instanceof GatewayError && error.code === 'INVALID_ARGUMENT') return false;
    throw error;
  }
}

const HOSTILE = [
  'https://evil.test',
  'https://api.example.com.evil.test/',
  'https:evil.test',
  'https:/evil.test',
  'http://api.example.com/',
  '//evil.test',
  '///evil.test',
  '////evil.test/%2f..',
  '/\\evil.test',
  '\\\\evil.test',
  '\\/evil.test',
  '/\t/evil.test',
  '/\n/evil.test',
  '/\r\n//evil.test',
  '\t//evil.test',
  ' //evil.test',
  '/ /evil.test',
  '/..//evil.test',
  '/.//evil.test',
  '/a/..//evil.test',
  '/%2e%2e//evil.test',
  '/\u0000/evil.test',
  '/\u2028/evil.test',
  '/。/evil.test',
  '/ｅvil.test',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'data:text/html,x',
  'evil.test',
  '?returnTo=//evil.test',
  '#//evil.test',
  '',
  '.',
  '../x',
  `/${'a'.repeat(2048)}`,
];

const LOCAL = [
  '/',
  '/reports',
  '/reports?page=2&sort=name#row-7',
  '/a/b/../c',
  '/search?q=https://evil.test',
  '/search?q=//evil.test',
  '/x%2f%2fevil.test',
  '/caf%C3%A9',
  '/@evil.test',
  '/:80',
  '/a//b',
  "/~user/(1)*'!;,=+$",
];

describe('a path to come back to', () => {
  test.each(HOSTILE)('%j is refused', (value) => {
    expect(isAccepted(value)).toBe(false);
  });

  test.each(LOCAL)('%j is taken as it is', (value) => {
    expect(checkReturnTo(value, ORIGIN)).toBe(value);
    expect(isElsewhere(value)).toBe(false);
  });

  test('is / when nobody asked for one', () => {
    expect(checkReturnTo(undefined, ORIGIN)).toBe('/');
  });

  test('never leads a browser elsewhere, whatever is put together', () => {
    const parts = [
      '/',
      '\\',
      '.',
      '..',
      ':',
      '@',
      '?',
      '#',
      '%',
      '%2f',
      '%5c',
      '\t',
      '\n',
      ' ',
      'evil.test',
      'https',
      'é',
    ];
    let seed = 7;
    const pick = () => parts[(seed = (seed * 48_271) % 2_147_483_647) % parts.length] ?? '';
    let accepted = 0;
    for (let i = 0; i < 50_000; i++) {
      const value = Array.from({ length: 1 + (i % 7) }, pick).join('');
      if (!isAccepted(value)) continue;
      accepted += 1;
      expect(isElsewhere(value), JSON.stringify(value)).toBe(false);
    }
    expect(accepted).toBeGreaterThan(100);
  });
});
