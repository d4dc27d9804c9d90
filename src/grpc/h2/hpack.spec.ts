import { describe, expect, it } from 'vitest';
import { FieldSelection } from './field-selection.js';
import { fieldNames, HpackEncoder } from './hpack-encoder.js';
import { HpackDecoder } from './hpack-decoder.js';

import fc from 'fast-check';

function decoded(decoder: HpackDecoder, hex: string): (string | undefined)[] {
  const bytes = Buffer.from(hex.replaceAll(' ', ''), 'hex');
  decoder.decode(bytes, 0, bytes.length);
  return [...decoder.values];
}

/** A 256-byte table, as appendix C.5 and C.6 have it. */
const SMALL_TABLE = '3fe101';

describe('the HPACK decoder', () => {
  it('reads the requests of RFC 7541, appendix C.3', () => {
    const decoder = new HpackDecoder(
      new FieldSelection([':method', ':path', ':authority', 'cache-control', 'custom-key']),
    );
    expect(decoded(decoder, '828684410f7777772e6578616d706c652e636f6d')).toEqual([
      'GET',
      '/',
      'www.example.com',
      undefined,
      undefined,
    ]);
    expect(decoded(decoder, '828684be58086e6f2d6361636865')).toEqual([
      'GET',
      '/',
      'www.example.com',
      'no-cache',
      undefined,
    ]);
    expect(decoded(decoder, '828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565')).toEqual([
      'GET',
      '/index.html',
      'www.example.com',
      undefined,
      'custom-value',
    ]);
  });

  it('reads the responses of appendix C.6, Huffman coded, while entries are evicted', () => {
    const decoder = new HpackDecoder(new FieldSelection([':status', 'location', 'set-cookie']));
    const location = 'https://www.example.com';
    expect(
      decoded(
        decoder,
        `${SMALL_TABLE} 488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3`,
      ),
    ).toEqual(['302', location, undefined]);
    expect(decoded(decoder, '4883640effc1c0bf')).toEqual(['307', location, undefined]);
    const third = decoded(
      decoder,
      '88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
    );
    expect(third).toEqual(['200', location, 'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1']);
  });

  it('adds up the size of the list, whether it keeps a value or not', () => {
    const decoder = new HpackDecoder(new FieldSelection([]));
    decoded(decoder, '828684410f7777772e6578616d706c652e636f6d');
    expect(decoder.listBytes).toBe(42 + 43 + 38 + 57);
  });

  it('keeps the first of two values', () => {
    const decoder = new HpackDecoder(new FieldSelection(['a']));
    expect(decoded(decoder, '000161013100016101 32')).toEqual(['1']);
  });

  it('blames the value of an entry on that value alone, not on its name', () => {
    const decoder = new HpackDecoder(
      new FieldSelection(['a'], { nameFlaw: () => undefined, single: [], freeText: '' }),
    );
    // `x: " b"` goes into the table, then its name comes with the value `b`, then the entry itself.
    const flaws = ['400178022062', '7e0162', 'bf'].map((hex) => {
      decoded(decoder, hex);
      return decoder.flaw;
    });
    const flaw = 'space at an end of a field value';
    expect(flaws).toEqual([flaw, undefined, flaw]);
  });

  it.each([
    ['index 0', '80'],
    ['an index that nothing has', 'be'],
    ['a name that nothing has', '7e0161'],
    ['a string longer than its block', '000561'],
    ['a block that ends before the value', '000161'],
    ['an integer that does not end', 'ff8080808080'],
    ['an integer as large as the sea', 'ffffffffff7f'],
    ['a table larger than agreed', '3fe21f'],
    ['a table size in the middle', '8220'],
    ['bad Huffman code', '00016184ffffffff'],
  ])('refuses %s', (_, hex) => {
    expect(() => decoded(new HpackDecoder(new FieldSelection(['a'])), hex)).toThrow('HPACK: ');
  });
});

const NAMES = fieldNames([':path', 'te', 'x-one', 'x-two']);

/** One block with these fields; the second in a pair says whether the value is likely to come again. */
function block(
  encoder: HpackEncoder,
  fields: readonly (readonly [slot: number, repeats: boolean, value: string])[],
): Buffer {
  const bytes = Buffer.alloc(65_536);
  encoder.begin(bytes, 0);
  for (const [slot, repeats, value] of fields) {
    const name = NAMES[slot];
    if (name === undefined) continue;
    if (repeats) encoder.repeated(name, value);
    else encoder.single(name, value);
  }
  return bytes.subarray(0, encoder.end());
}

describe('the HPACK encoder', () => {
  it('says in a byte what it has said before', () => {
    const encoder = new HpackEncoder(NAMES);
    const fields = [
      [0, true, '/a.B/C'],
      [1, true, 'trailers'],
      [2, true, 'alice'],
    ] as const;
    expect(block(encoder, fields).length).toBeGreaterThan(20);
    expect(block(encoder, fields)).toHaveLength(3);
  });

  it('does not remember values that come once, nor those that would fill the table', () => {
    const encoder = new HpackEncoder(NAMES);
    block(encoder, [
      [2, false, 'first'],
      [0, true, '/a'],
    ]);
    for (let n = 0; n < 500; n++)
      block(encoder, [
        [2, false, `value ${n}`],
        [3, true, 'x'.repeat(2_000)],
      ]);
    expect(block(encoder, [[0, true, '/a']])).toHaveLength(1);
  });

  it('stays within the table that the peer allows, and says so', () => {
    const encoder = new HpackEncoder(NAMES);
    block(encoder, [[0, true, '/a']]);
    encoder.resize(0);
    expect(block(encoder, [[0, true, '/a']]).toString('hex')).toBe('2004022f61');
    encoder.resize(100);
    encoder.resize(4_096);
    expect(block(encoder, []).toString('hex')).toBe('3f453fe11f');
  });

  it('is understood by the decoder, whatever comes in which order', () => {
    const value = fc.oneof(fc.constantFrom('a', 'b', 'c'), fc.string({ unit: 'binary-ascii', maxLength: 300 }));
    const field = fc.tuple(fc.nat(3), fc.boolean(), value);
    const step = fc.record({
      fields: fc.uniqueArray(field, { selector: ([slot]) => slot }),
      resize: fc.option(fc.nat(5_000)),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const encoder = new HpackEncoder(NAMES);
        const decoder = new HpackDecoder(new FieldSelection(NAMES.map(({ text }) => text)));
        for (const { fields, resize } of steps) {
          if (resize !== null) encoder.resize(resize);
          const bytes = block(encoder, fields);
          decoder.decode(bytes, 0, bytes.length);
          const expected = NAMES.map((_, slot) => fields.find(([each]) => each === slot)?.[2]);
          expect(decoder.values).toEqual(expected);
        }
      }),
      { numRuns: 200, seed: 7541 },
    );
  });
});
