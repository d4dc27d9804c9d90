import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { until } from '../../../test/support/until.js';
import { forwardLines } from './forward-lines.js';

/** A stream whose lines are taken when the test says so. */
function forwarding() {
  const stream = new PassThrough();
  const texts: string[] = [];
  const waiting: (() => void)[] = [];
  forwardLines(stream, (bytes, done) => {
    texts.push(Buffer.from(bytes).toString());
    waiting.push(done);
  });
  return { stream, texts, take: () => waiting.shift()?.() };
}

describe('the lines of a worker', () => {
  it('are forwarded whole, however they are cut', async () => {
    const { stream, texts, take } = forwarding();
    for (const part of ['{"a":', '"é', '"}\n{"b"', ':1}\n']) {
      stream.write(part);
      await new Promise(setImmediate);
      take();
    }
    await until(() => texts.length === 2);
    expect(texts).toEqual(['{"a":"é"}\n', '{"b":1}\n']);
  });

  it('are not read while others are written', async () => {
    const { stream, texts, take } = forwarding();
    stream.write('one\n');
    await until(() => texts.length === 1);
    stream.write('two\n');
    await new Promise(setImmediate);
    expect(texts).toEqual(['one\n']);
    take();
    await until(() => texts.length === 2);
    expect(texts).toEqual(['one\n', 'two\n']);
  });

  it('that are longer than a mebibyte are forwarded in parts', async () => {
    const { stream, texts, take } = forwarding();
    for (let n = 0; n < 24; n++) stream.write(Buffer.alloc(65_536, 'x'));
    stream.end();
    await until(() => {
      take();
      return texts.join('').endsWith('\n');
    });
    expect(texts.join('')).toBe(`${'x'.repeat(24 * 65_536)}\n`);
    expect(texts.length).toBeGreaterThan(1);
  });

  it('end with a line feed when the worker does not', async () => {
    const { stream, texts } = forwarding();
    stream.end('last words');
    await until(() => texts.length === 1);
    expect(texts).toEqual(['last words\n']);
  });
});
