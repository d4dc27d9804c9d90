import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GatewayError } from '../../domain/errors.js';
import { ExactNumber } from './exact-number.js';
import { JsonParser } from './json-parser.js';

const parser = new JsonParser({ maxDepth: 64, maxKeys: 1000 });

describe('the tokenizer and JSON.parse', () => {
  it('read the same from valid JSON', () => {
    const plain = (_key: string, value: unknown) => (value instanceof ExactNumber ? value.value : value);
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }), fc.constantFrom(0, 1, '\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        const read = JSON.stringify(parser.parse(Buffer.from(text)), plain);
        expect(JSON.parse(read)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('agree on what mutated JSON is valid, our stricter rules apart', () => {
    const mutation = fc.record({
      at: fc.nat(),
      cut: fc.nat(3),
      insert: fc.constantFrom(
        ...'{ } [ ] " , : \\ 0 1 9 . e E + - true fals n \u00e9 😀'.split(' '),
        ' ',
        '\n',
        '\t',
        '\0',
      ),
    });
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.array(mutation, { maxLength: 3 }), (value, mutations) => {
        const text = mutations.reduce((before, { at, cut, insert }) => {
          const place = at % (before.length + 1);
          return before.slice(0, place) + insert + before.slice(place + cut);
        }, JSON.stringify(value));
        if (isRefusedByOurRules(text)) return;
        expect({ text, isValid: isRead(text) }).toEqual({ text, isValid: isJson(text) });
      }),
      { numRuns: 1000 },
    );
  });
});

/** Lone surrogates, numbers out of range, and duplicate keys are JSON for JSON.parse. */
function isRefusedByOurRules(text: string): boolean {
  return !text.isWellFormed() || /\\u[dD][89a-fA-F]|\d[eE]\+?\d{3}/.test(text) || hasDuplicateKeys(text);
}

function hasDuplicateKeys(text: string): boolean {
  try {
    parser.parse(Buffer.from(text));
    return false;
  } catch (error) {
    return error instanceof GatewayError && error.detail.includes('twice');
  }
}

function isRead(text: string): boolean {
  try {
    parser.parse(Buffer.from(text));
    return true;
  } catch (error) {
    if (error instanceof GatewayError) return false;
    throw error;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
