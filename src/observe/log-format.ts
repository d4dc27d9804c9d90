import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';
import type { LogStream } from './log-stream.js';
import { paint, plain, prettyLine } from './pretty-line.js';

const STDOUT = 1;
const STDERR = 2;
/** pino tells a destination that has this the level of each line (pino's `metadata`). */
const METADATA = Symbol.for('pino.metadata');
const FATAL = 60;

/** The settings of the format, as far as they are known. */
export interface LogFormatSettings {
  /** Undefined: lines for people at a terminal, JSON for everything else. */
  readonly format: 'json' | 'pretty' | undefined;
  readonly noColor: boolean;
}

/** How a JSON line is written. */
export type LineWriter = (json: string) => string;

/** Returns what makes lines for people, or undefined where JSON is wanted. @param isTerminal whether people see standard output. */
export function prettyWriter({ format, noColor }: LogFormatSettings, isTerminal: boolean): LineWriter | undefined {
  if (format === 'json' || (format === undefined && !isTerminal)) return undefined;
  const color = isTerminal && !noColor ? paint : plain;
  return (json) => prettyLine(json, color);
}

/** Lines for people. They go through the same bounded stream as JSON does. */
export class PrettyStream implements LogStream {
  constructor(
    private readonly lines: LogStream,
    private readonly pretty: LineWriter,
  ) {}

  get dropped(): number {
    return this.lines.dropped;
  }

  write(json: string): void {
    this.lines.write(this.pretty(json));
  }
}

/** JSON lines, and fatal ones on standard error too: that is where a process is looked at that did not start. */
export class JsonStream implements LogStream {
  readonly [METADATA] = true;
  /** Set by pino before it writes an event. Lines of requests come from elsewhere, and their text is not looked at. */
  lastLevel = 0;

  constructor(
    private readonly lines: LogStream,
    private readonly stderr: (text: string) => void = writeStderr,
  ) {}

  get dropped(): number {
    return this.lines.dropped;
  }

  write(json: string): void {
    this.lines.write(json);
    if (this.lastLevel >= FATAL) this.stderr(json);
    this.lastLevel = 0;
  }
}

/** Where lines go before the settings are known: written immediately, since the process ends with them. */
export function earlyStream(pretty: LineWriter | undefined): DestinationStream {
  const lines = { dropped: 0, write: (text: string) => void writeSync(STDOUT, text) };
  return pretty === undefined ? new JsonStream(lines) : new PrettyStream(lines, pretty);
}

/** Nobody may be reading it. */
function writeStderr(text: string): void {
  try {
    writeSync(STDERR, text);
  } catch {
    // The line is on standard output.
  }
}
