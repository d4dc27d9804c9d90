import { describe, expect, it } from 'vitest';
import { CsrfCheck } from './csrf.js';
import type { OriginHeaders } from './gateway-guard.js';

const PUBLIC = 'https://api.example.com/';
const APP = 'https://app.example.com';
const csrf = new CsrfCheck(PUBLIC, { corsOrigins: [APP] });

const SAME: OriginHeaders = { 'x-csrf': '1', 'sec-fetch-site': 'same-origin' };

function verdict(headers: OriginHeaders, method = 'POST', check = csrf): string {
  try {
    check.check({ method, headers });
    return 'passes';
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('a request with a session cookie', () => {
  it.each(['GET', 'HEAD', 'OPTIONS'])('%s changes nothing and passes from anywhere', (method) => {
    expect(verdict({ 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, method)).toBe('passes');
  });

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'QUERY'])('%s passes from the own page and no other', (method) => {
    expect(verdict(SAME, method)).toBe('passes');
    expect(verdict({}, method)).toBe('CSRF_FAILED');
  });

  const table: [string, OriginHeaders, 'passes' | 'CSRF_FAILED'][] = [
    [
      'the own origin, from a browser without Sec-Fetch-Site',
      { 'x-csrf': '1', origin: 'https://api.example.com' },
      'passes',
    ],
    ['an allowed page elsewhere', { 'x-csrf': '1', origin: APP, 'sec-fetch-site': 'same-site' }, 'passes'],
    ['no X-CSRF', { 'sec-fetch-site': 'same-origin', origin: APP }, 'CSRF_FAILED'],
    ['another value of X-CSRF', { ...SAME, 'x-csrf': 'true' }, 'CSRF_FAILED'],
    ['X-CSRF twice, as Node joins it', { ...SAME, 'x-csrf': '1, 1' }, 'CSRF_FAILED'],
    ['X-CSRF alone', { 'x-csrf': '1' }, 'CSRF_FAILED'],
    ['a sibling host', { 'x-csrf': '1', 'sec-fetch-site': 'same-site' }, 'CSRF_FAILED'],
    ['another site', { 'x-csrf': '1', 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, 'CSRF_FAILED'],
    ['a request of no page', { 'x-csrf': '1', 'sec-fetch-site': 'none' }, 'CSRF_FAILED'],
    ['an opaque origin', { 'x-csrf': '1', origin: 'null' }, 'CSRF_FAILED'],
    ['the own host without TLS', { 'x-csrf': '1', origin: 'http://api.example.com' }, 'CSRF_FAILED'],
    ['the own host on another port', { 'x-csrf': '1', origin: 'https://api.example.com:8443' }, 'CSRF_FAILED'],
    [
      'a host that begins like the own one',
      { 'x-csrf': '1', origin: 'https://api.example.com.evil.example' },
      'CSRF_FAILED',
    ],
  ];
  it.each(table)('%s', (_what, headers, expected) => {
    expect(verdict(headers)).toBe(expected);
  });

  it('takes the word of the browser alone where nobody said what the own origin is', () => {
    const unnamed = new CsrfCheck(undefined, { corsOrigins: [] });
    expect(verdict(SAME, 'POST', unnamed)).toBe('passes');
    expect(verdict({ 'x-csrf': '1', origin: 'https://api.example.com' }, 'POST', unnamed)).toBe('CSRF_FAILED');
    expect(verdict({ 'x-csrf': '1', origin: '' }, 'POST', unnamed)).toBe('CSRF_FAILED');
  });
});
