import { describe, expect, it } from 'vitest';
import { CodingChoice } from './accept-encoding.js';

const choice = new CodingChoice(['zstd', 'br', 'gzip']);

describe('Accept-Encoding (RFC 9110 12.5.3)', () => {
  it.each<[string | undefined, string | undefined]>([
    [undefined, undefined],
    ['', undefined],
    ['identity', undefined],
    ['gzip', 'gzip'],
    ['GZip', 'gzip'],
    ['x-gzip', 'gzip'],
    ['br', 'br'],
    ['zstd', 'zstd'],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['gzip, deflate, br', 'br'],
    ['gzip;q=1.0, br;q=0.5', 'gzip'],
    ['gzip;q=0.5,br;q=0.8', 'br'],
    ['gzip ; q=0.5 , br', 'br'],
    ['*', 'zstd'],
    ['*;q=0.1', 'zstd'],
    ['*, zstd;q=0', 'br'],
    ['*;q=0', undefined],
    ['gzip, *;q=0', 'gzip'],
    ['gzip;q=0', undefined],
    ['gzip;q=0.000', undefined],
    ['gzip;q=0.001', 'gzip'],
    ['gzip;q=0, gzip', undefined],
    ['identity;q=1, gzip;q=0.5', undefined],
    ['identity;q=0.5, gzip', 'gzip'],
    ['identity, gzip', 'gzip'],
    ['identity;q=0, gzip;q=0.2', 'gzip'],
    ['identity;q=0', undefined],
    ['deflate, compress', undefined],
    ['gzip;q=2', undefined],
    ['gzip;q=0.5555', undefined],
    ['gzip;q=', undefined],
    ['gzip;q', undefined],
    ['gzip;level=9', undefined],
    ['gzip x', undefined],
    [',,, gzip ,', 'gzip'],
    ['"gzip"', undefined],
    ['gzip;q="1"', 'gzip'],
    ['g\u00a0zip', undefined],
    ['gzip\u00a0', undefined],
  ])('%j chooses %s', (header, coding) => {
    expect(choice.of(header)).toBe(coding);
    expect(choice.of(header)).toBe(coding);
  });

  it('never chooses what is not offered', () => {
    expect(new CodingChoice(['gzip']).of('br, zstd, *;q=0')).toBeUndefined();
  });

  it('reads any number of different headers', () => {
    for (let n = 0; n < 1_000; n++) expect(choice.of(`gzip;q=0.5, x${n}`)).toBe('gzip');
  });
});
