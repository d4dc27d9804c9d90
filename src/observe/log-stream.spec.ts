import { EventEmitter } from 'node:events';
import { describe, expect, it } from 'vitest';
import { BatchedLines, type LineOutput } from './log-stream.js';

/** Takes what is written when it is told to. */
class Output extends EventEmitter implements LineOutput {
  readonly texts: string[] = [];
  private readonly waiting: ((error?: Error) => void)[] = [];

  write(text: string | Uint8Array, done: (error?: Error) => void): void {
    this.texts.push(typeof text === 'string' ? text : Buffer.from(text).toString());
    this.waiting.push(done);
  }

  take(error?: Error): void {
    this.waiting.shift()?.(error);
  }
}

describe('lines', () => {
  it('are written in batches, the next when the last has been taken', async () => {
    const output = new Output();
    const lines = new BatchedLines(output);
    const long = `${'x'.repeat(33_000)}\n`;
    lines.write('a\n');
    lines.write(long);
    lines.write('b\n');
    lines.write(long);
    expect(output.texts).toEqual([`a\n${long}`]);
    const ended = lines.end(60_000);
    output.take();
    expect(output.texts).toEqual([`a\n${long}`, `b\n${long}`]);
    output.take();
    expect(await ended).toBe(0);
  });

  it('wait for company, also while others are written', async () => {
    const output = new Output();
    const lines = new BatchedLines(output);
    const long = `${'x'.repeat(33_000)}\n`;
    lines.write(long);
    lines.write('a\n');
    output.take();
    lines.write('b\n');
    expect(output.texts).toEqual([long]);
    await expect.poll(() => output.texts).toEqual([long, 'a\nb\n']);
  });

  it('that nobody takes are counted, and the end does not wait for them', async () => {
    const output = new Output();
    const lines = new BatchedLines(output);
    const line = `${'x'.repeat(1_000_000)}\n`;
    for (let n = 0; n < 20; n++) lines.write(line);
    // One is under way, seventeen fill the sixteen MiB that wait, two have no room.
    expect(lines.dropped).toBe(2);
    expect(await lines.end(1)).toBe(20);
  });

  it('are written in pieces that other processes may write between, once the output is shared', () => {
    const output = new Output();
    const lines = new BatchedLines(output);
    lines.share();
    const half = `${'x'.repeat(2_999)}\n`;
    for (let n = 0; n < 11; n++) lines.write(half);
    expect(output.texts).toEqual([half]);
    output.take();
    expect(output.texts).toEqual([half, half]);
  });

  it('go on after a write that failed, and those of it are counted', async () => {
    const output = new Output();
    const lines = new BatchedLines(output);
    lines.write('a\n');
    lines.write('b\n');
    const ended = lines.end(60_000);
    output.emit('error', new Error('write EPIPE'));
    output.take(new Error('write EPIPE'));
    expect(await ended).toBe(2);
    lines.write('c\n');
    const again = lines.end(60_000);
    output.take();
    expect([await again, lines.dropped]).toEqual([2, 2]);
  });
});
