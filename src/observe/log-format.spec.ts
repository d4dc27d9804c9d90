import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { JsonStream, prettyWriter, PrettyStream } from './log-format.js';

const LINE = '{"level":"info","ts":"2026-01-02T15:04:05.000Z","msg":"hello"}\n';

describe('the form of the log', () => {
  it.each([
    ['JSON in a file', { format: undefined, noColor: false }, false, 'json'],
    ['colored at a terminal', { format: undefined, noColor: false }, true, 'colored'],
    ['without colors at a terminal with NO_COLOR', { format: undefined, noColor: true }, true, 'plain'],
    ['JSON at a terminal with LOG_FORMAT=json', { format: 'json', noColor: false }, true, 'json'],
    [
      'for people, without colors, in a file with LOG_FORMAT=pretty',
      { format: 'pretty', noColor: false },
      false,
      'plain',
    ],
    ['colored at a terminal with LOG_FORMAT=pretty', { format: 'pretty', noColor: false }, true, 'colored'],
  ] as const)('is %s', (_what, settings, isTerminal, form) => {
    const written = prettyWriter(settings, isTerminal)?.(LINE);
    if (form === 'json') expect(written).toBeUndefined();
    else {
      expect(written).toMatch(/hello\n$/);
      expect(written?.includes('\u001b[')).toBe(form === 'colored');
    }
  });
});

describe('the streams of the log', () => {
  const lines: string[] = [];
  const inner = { dropped: 7, write: (text: string) => void lines.push(text) };

  it('tell of the lines that were lost', () => {
    expect(new PrettyStream(inner, (json) => json).dropped).toBe(7);
    expect(new JsonStream(inner).dropped).toBe(7);
  });

  it('write fatal lines on standard error as well, and no others', () => {
    const errors: string[] = [];
    const stream = new JsonStream(inner, (text) => void errors.push(text));
    const events = pino({}, stream);
    events.error('one');
    events.fatal('two');
    stream.write(LINE);
    expect(lines).toEqual([expect.stringContaining('one'), expect.stringContaining('two'), LINE]);
    expect(errors).toEqual([expect.stringContaining('two')]);
  });
});
