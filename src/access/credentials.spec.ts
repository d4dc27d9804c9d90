import { describe, expect, it } from 'vitest';
import { readCredential } from './credentials.js';
import type { CredentialHeaders } from './gateway-guard.js';

const JWT = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln';
const SESSION = '__Host-sid=0123456789abcdef';

const SESSION_CREDENTIAL = { kind: 'session', value: '0123456789abcdef' };

/** Cookies that begin with any other byte, or end their name with one. */
const LOOKALIKES = [
  ...Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte))
    .filter((character) => !['\t', ' ', ';'].includes(character))
    .map((character) => `${character}${SESSION}`),
  ...['\t', ' ', '\xa0', '\0', '.', 's'].map((character) => `__Host-sid${character}=x`),
  `x=${SESSION}`,
  `"${SESSION}"`,
  `\u2003${SESSION}`,
  `\ufeff${SESSION}`,
  SESSION.toUpperCase(),
];

describe('one credential in a request is read', () => {
  const table: [string, CredentialHeaders, object][] = [
    ['none', {}, { kind: 'none' }],
    ['an empty header', { authorization: '' }, { kind: 'none' }],
    ['cookies of others', { cookie: 'theme=dark; sid=x' }, { kind: 'none' }],
    // Only the exact name has the browser's protection of the prefix: another host can set every other one.
    ...LOOKALIKES.map((cookie): [string, CredentialHeaders, object] => [
      `a cookie of another name, ${JSON.stringify(cookie)}`,
      { cookie },
      { kind: 'none' },
    ]),
    ['a session between a tab and spaces', { cookie: `a=b;\t ${SESSION} \t;c=d` }, SESSION_CREDENTIAL],
    ['a session beside a lookalike', { cookie: `${LOOKALIKES.join('; ')}; ${SESSION}` }, SESSION_CREDENTIAL],
    ['a JWT', { authorization: `Bearer ${JWT}` }, { kind: 'jwt', value: JWT }],
    ['the scheme in any case', { authorization: `bEARER ${JWT}` }, { kind: 'jwt', value: JWT }],
    ['an opaque token', { authorization: 'Bearer sk-a.b~c+d/e==' }, { kind: 'opaque', value: 'sk-a.b~c+d/e==' }],
    ['an API key', { 'x-api-key': 'sk-1' }, { kind: 'api_key', value: 'sk-1' }],
    ['a session', { cookie: `a=b; ${SESSION}; c=d` }, { kind: 'session', value: '0123456789abcdef' }],
  ];
  it.each(table)('%s', (_what, headers, credential) => {
    expect(readCredential(headers)).toEqual(credential);
  });
});

describe('what is no credential is malformed', () => {
  const table: [string, CredentialHeaders][] = [
    ['another scheme', { authorization: 'Basic YTpi' }],
    ['a scheme alone', { authorization: 'Bearer' }],
    ['nothing behind the scheme', { authorization: 'Bearer ' }],
    ['two spaces', { authorization: `Bearer  ${JWT}` }],
    ['trailing junk', { authorization: `Bearer ${JWT} junk` }],
    ['leading white space', { authorization: `\t Bearer ${JWT}` }],
    ['a JWT without signature', { authorization: 'Bearer eyJhbGciOiJub25lIn0.e30.' }],
    ['a JWT of five parts', { authorization: `Bearer ${JWT}.x.y` }],
    ['a JWT without header', { authorization: 'Bearer .e30.c2ln' }],
    ['a letter outside the alphabet', { authorization: 'Bearer sk-ä' }],
    ['padding in the middle', { authorization: 'Bearer sk=a' }],
    ['an oversized JWT', { authorization: `Bearer ${'a'.repeat(4096)}.${'b'.repeat(4096)}.c` }],
    ['an oversized opaque token', { authorization: `Bearer ${'a'.repeat(1025)}` }],
    ['an oversized API key', { 'x-api-key': 'a'.repeat(1025) }],
    ['an empty API key', { 'x-api-key': '' }],
    ['two API keys, as Node joins them', { 'x-api-key': 'sk-1, sk-2' }],
    ['two API keys as a list', { 'x-api-key': ['sk-1', 'sk-2'] }],
    ['two session cookies', { cookie: `${SESSION}; ${SESSION}` }],
    ['an empty session cookie', { cookie: '__Host-sid=' }],
    ['a session cookie in quotes', { cookie: '__Host-sid="abc"' }],
  ];
  it.each(table)('%s', (_what, headers) => {
    expect(readCredential(headers)).toEqual({ kind: 'malformed' });
  });
});

describe('several credentials in a request are refused, good or bad', () => {
  const table: [string, CredentialHeaders][] = [
    ['a token and an API key', { authorization: `Bearer ${JWT}`, 'x-api-key': 'sk-1' }],
    ['a token and a session', { authorization: `Bearer ${JWT}`, cookie: SESSION }],
    ['an API key and a session', { 'x-api-key': 'sk-1', cookie: SESSION }],
    ['all three', { authorization: `Bearer ${JWT}`, 'x-api-key': 'sk-1', cookie: SESSION }],
    ['an unknown scheme and an API key', { authorization: 'Basic YTpi', 'x-api-key': 'sk-1' }],
    ['a token and an empty API key', { authorization: `Bearer ${JWT}`, 'x-api-key': '' }],
    ['a token and two sessions', { authorization: `Bearer ${JWT}`, cookie: `${SESSION}; ${SESSION}` }],
  ];
  it.each(table)('%s', (_what, headers) => {
    expect(readCredential(headers)).toEqual({ kind: 'several' });
  });
});
