import { describe, expect, it } from 'vitest';
import { accepts, negotiate, prefersPage } from './accept.js';

const SSE = 'text/event-stream; charset=utf-8';
const NDJSON = 'application/x-ndjson; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';
const OFFERS = [SSE, NDJSON, JSON_TYPE];

describe('Accept (RFC 9110 12.5.1)', () => {
  it.each<[header: string | undefined, chosen: string | undefined]>([
    [undefined, SSE],
    ['', SSE],
    [' \t', SSE],
    [',,', SSE],
    ['*/*', SSE],
    ['*', SSE],
    ['text/*', SSE],
    ['application/*', NDJSON],
    ['application/json', JSON_TYPE],
    ['APPLICATION/JSON', JSON_TYPE],
    // Weights, with the more specific range first in line whatever its place.
    ['text/event-stream;q=0, application/json', JSON_TYPE],
    ['text/event-stream;q=0', undefined],
    ['text/event-stream;q=0.0, */*', NDJSON],
    ['*/*, text/event-stream;q=0, application/x-ndjson;q=0.000', JSON_TYPE],
    ['*/*;q=0', undefined],
    ['text/*;q=0, */*;q=0.1', NDJSON],
    ['text/*;q=0, text/event-stream', SSE],
    ['application/json;q=0.5, application/x-ndjson;q=0.501', NDJSON],
    ['application/json;q=0.9, text/event-stream;q=0.8', JSON_TYPE],
    ['application/json;q=1.000, text/event-stream;q=0.999', JSON_TYPE],
    ['application/json ; Q=0.1 ,\ttext/event-stream\t;\tq=0.2', SSE],
    ['application/json;q=.2, text/event-stream;q=.1', JSON_TYPE],
    // Equal weights: the more specific range, then the place in the header, then the server's order.
    ['*/*, application/json', JSON_TYPE],
    ['application/*, application/json', JSON_TYPE],
    ['application/json, text/event-stream', JSON_TYPE],
    ['text/event-stream, application/json', SSE],
    ['text/html, application/json', JSON_TYPE],
    ['text/html, application/xhtml+xml, */*;q=0.8', SSE],
    // Parameters.
    ['application/json;charset=utf-8', JSON_TYPE],
    ['application/json; charset="UTF-8"', JSON_TYPE],
    ['application/json;charset=iso-8859-1', undefined],
    ['application/json;version=2, text/event-stream;q=0.1', SSE],
    ['application/json;q=0.1;charset=utf-8, text/event-stream;q=0.2', SSE],
    ['application/json;charset=utf-8;q=0, application/json', undefined],
    ['application/json;charset=utf-8, application/json;q=0', JSON_TYPE],
    ['application/json;;charset=utf-8', JSON_TYPE],
    ['text/html;note="a, application/json;q=1", application/x-ndjson', NDJSON],
    ['text/html;note="\\", application/json, \\"", application/x-ndjson', NDJSON],
    // What is malformed matches nothing, and takes nothing else with it.
    ['image/png', undefined],
    ['json', undefined],
    ['application', undefined],
    ['application/', undefined],
    ['/json', undefined],
    ['*/json', undefined],
    ['application/json;q=2', undefined],
    ['application/json;q=-1', undefined],
    ['application/json;q=', undefined],
    ['application/json;q', undefined],
    ['application/json;q=1e0', undefined],
    ['application/json;q=NaN', undefined],
    ['application/json text/event-stream', undefined],
    ['application /json', undefined],
    ['application/json;q=x, text/event-stream', SSE],
    ['text/html;note="unclosed, application/json', undefined],
    ['__proto__', undefined],
    ['constructor, toString', undefined],
    // Only SP and HTAB are white space (RFC 9110 5.6.3).
    ['\u00a0application/json', undefined],
    ['application/json\u00a0', undefined],
    ['application/json\u0085', undefined],
    ['application/json;\u00a0q=0.5', undefined],
    ['application/json\v', undefined],
    ['applicat\u0131on/json', undefined],
    ['text/event\u2010stream', undefined],
  ])('%j chooses %j', (header, chosen) => {
    expect(OFFERS[negotiate(header, OFFERS)]).toBe(chosen);
  });

  it('tells whether one type is accepted', () => {
    expect(accepts('image/*, application/pdf;q=0.5', 'application/pdf')).toBe(true);
    expect(accepts('image/*', 'image/png; note="a;b"')).toBe(true);
    expect(accepts('image/*, image/png;q=0', 'image/png')).toBe(false);
    expect(accepts('text/html', 'application/json')).toBe(false);
  });

  it('comes to an end, however it is written', () => {
    for (const part of ['"', 'a/b;', 'a/b;c="', ',', ' ', 'a/b;q=0,', '\\"', 'a/b;c="\\']) {
      expect(negotiate(part.repeat(5_000), OFFERS)).toBeLessThan(OFFERS.length);
    }
  });
});

it.each([
  ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
  ['text/html', true],
  ['TEXT/HTML, application/json;q=0.9', true],
  ['*/*', false],
  [undefined, false],
  ['application/json', false],
  ['application/json, text/html;q=0.5', false],
  ['text/html;q=0, */*', false],
  ['x/text/html', false],
])('a client that sends Accept: %s prefers a page: %s', (accept, expected) => {
  expect(prefersPage(accept)).toBe(expected);
});
