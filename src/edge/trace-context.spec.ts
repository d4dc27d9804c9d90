import { describe, expect, it } from 'vitest';
import type { HexSource } from '../domain/hex-source.js';
import { traceContext, type TraceSources } from './trace-context.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const PARENT = `00-${TRACE}-${SPAN}-01`;
const OWN = /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/;

const parentOf = (traceparent: string | undefined, isTrusted = false) =>
  traceContext(traceparent === undefined ? {} : { traceparent }, isTrusted).traceparent;
const stateOf = (tracestate: string, traceparent = PARENT) =>
  traceContext({ traceparent, tracestate }, true).tracestate;

describe('the trace of a client goes on', () => {
  it.each([
    ['of version 00', PARENT],
    ['that is not sampled', `00-${TRACE}-${SPAN}-00`],
    ['of a higher version', `01-${TRACE}-${SPAN}-01`],
    ['of a higher version that says more', `cc-${TRACE}-${SPAN}-01-what-the-future-will-be-like`],
    ['of a higher version that says nothing more', `cc-${TRACE}-${SPAN}-01-`],
  ])('%s', (_, inbound) => {
    const outbound = parentOf(inbound);
    expect(outbound).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
    expect(outbound).not.toContain(SPAN);
  });

  it.each([
    ['01', '01'],
    ['00', '00'],
    ['03', '01'],
    ['ff', '01'],
    ['fe', '00'],
  ])('with its sampled flag from a trusted proxy alone, and no unknown flag: %s', (flags, passed) => {
    const inbound = `00-${TRACE}-${SPAN}-${flags}`;
    expect(parentOf(inbound, true).slice(-2)).toBe(passed);
    expect(parentOf(inbound, false).slice(-2)).toBe('00');
  });
});

describe('a trace begins', () => {
  it.each([
    ['without a traceparent', undefined],
    ['with an empty one', ''],
    ['with an all-zero trace id', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['with an all-zero parent id', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['with the version ff', `ff-${TRACE}-${SPAN}-01`],
    ['with upper-case digits', PARENT.toUpperCase()],
    ['with an illegal version', `.0-${TRACE}-${SPAN}-01`],
    ['with a version of three digits', `000-${TRACE}-${SPAN}-01`],
    ['with illegal flags', `00-${TRACE}-${SPAN}-.0`],
    ['with flags of one digit', `00-${TRACE}-${SPAN}-1`],
    ['with more than version 00 has', `${PARENT}-`],
    ['with more than version 00 has, and text', `${PARENT}-what`],
    ['with more than a higher version may have', `cc-${TRACE}-${SPAN}-01.what`],
    ['with a short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['with a long parent id', `00-${TRACE}-${SPAN}0-01`],
    ['with a doubled header', `${PARENT}, 00-${TRACE}-b7ad6b7169203331-01`],
    ['with a doubled header of a higher version', `cc-${TRACE}-${SPAN}-01, cc-${TRACE}-${SPAN}-01`],
    ['with white space that HTTP does not know', `\xa0${PARENT}`],
  ])('%s', (_, inbound) => {
    const outbound = parentOf(inbound, true);
    expect(outbound).toMatch(OWN);
    expect(outbound).not.toContain(TRACE);
    expect(traceContext({ traceparent: inbound, tracestate: 'foo=1' }, true).tracestate).toBe('');
  });

  it('anew for each request', () => {
    expect(parentOf(undefined)).not.toBe(parentOf(undefined));
  });
});

describe('tracestate', () => {
  const member = (n: number) => `m${n}=${n}`;
  it.each([
    ['one member', 'foo=1', 'foo=1'],
    ['members in their order', 'foo=1,bar=2', 'foo=1,bar=2'],
    ['white space around members', 'foo=1 \t, \t bar=2, \t baz=3', 'foo=1,bar=2,baz=3'],
    ['empty members', 'foo=1,,, ,bar=2,', 'foo=1,bar=2'],
    ['a key seen twice', 'foo=1,foo=1', 'foo=1,foo=1'],
    ['a tenant before its system', 't0@v1=1', 't0@v1=1'],
    ['a key that begins with a digit', '0foo=1', '0foo=1'],
    ['all characters of a key', 'abz019_-*/=1', 'abz019_-*/=1'],
    ['all characters of a value', 'k=a !"#$%&\'()*+-./:;<>?@[\\]^_`{|}~', 'k=a !"#$%&\'()*+-./:;<>?@[\\]^_`{|}~'],
    ['the longest key', `${'z'.repeat(256)}=1`, `${'z'.repeat(256)}=1`],
    [
      'the longest tenant and system',
      `${'t'.repeat(241)}@${'v'.repeat(14)}=1`,
      `${'t'.repeat(241)}@${'v'.repeat(14)}=1`,
    ],
    ['the longest value', `k=${'v'.repeat(256)}`, `k=${'v'.repeat(256)}`],
    [
      'as many members as there may be',
      Array.from({ length: 32 }, (_, n) => member(n)).join(','),
      Array.from({ length: 32 }, (_, n) => member(n)).join(','),
    ],
  ])('is passed on: %s', (_, inbound, outbound) => {
    expect(stateOf(inbound)).toBe(outbound);
  });

  it.each([
    ['a member without a value', 'foo'],
    ['an empty value', 'foo='],
    ['an empty key', '=1'],
    ['an upper-case key', 'FOO=1'],
    ['a key that begins with a dash', '-foo=1'],
    ['a character that is not ASCII', 'foo=\xe9'],
    ['a no-break space', 'foo=1\xa0'],
    ['an equals sign in a value', 'foo=1=2'],
    ['a space in a key', 'foo @=1'],
    ['an empty tenant', '@v=1'],
    ['two systems', 'a@b@c=1'],
    ['a key that is too long', `${'z'.repeat(257)}=1`],
    ['a tenant that is too long', `${'t'.repeat(242)}@v=1`],
    ['a system that is too long', `t@${'v'.repeat(15)}=1`],
    ['a value that is too long', `k=${'v'.repeat(257)}`],
    ['one member too many', Array.from({ length: 33 }, (_, n) => member(n)).join(',')],
  ])('is dropped whole, and the trace goes on: %s', (_, inbound) => {
    expect(stateOf(inbound)).toBe('');
    expect(stateOf(`ok=1,${inbound}`)).toBe('');
    expect(traceContext({ traceparent: PARENT, tracestate: inbound }, true).traceparent).toContain(TRACE);
  });

  it('is cut after whole members where it is longer than 512 characters', () => {
    const long = (key: string) => `${key}=${'v'.repeat(198)}`;
    expect(stateOf([long('a'), long('b'), long('c')].join(','))).toBe(`${long('a')},${long('b')}`);
  });
});

describe('while tracing is on, what is sampled', () => {
  const OWN_SPAN = 'a'.repeat(16);
  const OWN_TRACE = 'b'.repeat(32);
  /** Samples what this says, and draws the same ids each time. */
  const sampling = (sampled: string): TraceSources => ({
    ids: { draw: (bytes: number) => (bytes === 8 ? OWN_SPAN : OWN_TRACE) } as HexSource,
    isSampled: (digits) => digits === sampled,
  });
  const flag = (sources: TraceSources, traceparent?: string, isTrusted = false) =>
    traceContext(traceparent === undefined ? {} : { traceparent }, isTrusted, sources).traceparent.slice(-2);

  it('is decided by the trace id where the trace begins here', () => {
    expect(flag(sampling(OWN_TRACE))).toBe('01');
    expect(flag(sampling(OWN_SPAN))).toBe('00');
    expect(flag(sampling(OWN_TRACE), 'malformed')).toBe('01');
  });

  it.each(['00', '01'])('is not for a client to decide, by flag %s or by trace id', (sent) => {
    const inbound = `00-${TRACE}-${SPAN}-${sent}`;
    expect(flag(sampling(TRACE), inbound)).toBe('00');
    expect(flag(sampling(OWN_SPAN), inbound)).toBe('01');
  });

  it.each(['00', '01'])('is what a trusted proxy says: %s', (sent) => {
    const inbound = `00-${TRACE}-${SPAN}-${sent}`;
    for (const sampled of [TRACE, OWN_SPAN, OWN_TRACE]) expect(flag(sampling(sampled), inbound, true)).toBe(sent);
  });
});
