import type { Readable } from 'node:stream';

const LINE_FEED = '\n';
/** A line that is longer is passed on in parts. */
const MAX_LINE = 1_048_576;

/** Passes on what a stream says, in whole lines. */
export function forwardLines(stream: Readable, write: (lines: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const end = text.lastIndexOf(LINE_FEED) + 1;
    if (end === 0 && rest.length + text.length < MAX_LINE) return void (rest += text);
    write(rest + text.slice(0, end === 0 ? undefined : end));
    rest = end === 0 ? '' : text.slice(end);
  });
  stream.once('end', () => {
    if (rest !== '') write(`${rest}${LINE_FEED}`);
  });
  stream.on('error', () => undefined);
}
