import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';
import type { LogStream } from './log-stream.js';
import { paint, plain, prettyLine } from './pretty-line.js';

const STDOUT = 1;
const STDERR = 2;
/** Asks pino to pass the level of each line to the destination (pino's `metadata`). */
const METADATA = Symbol.for('pino.metadata');
const FATAL = 60;

/** The settings of the log format known so far. */
export interface LogFormatSettings {
  /** Undefined: lines for people at a terminal, JSON otherwise. */
  readonly format: 'json' | 'pretty' | undefined;
  readonly noColor: boolean;
}

/** Converts a JSON line to the output format. */
export type LineWriter = (json: string) => string;

/**
 * Returns the writer of lines for people, or undefined for JSON.
 * @param isTerminal true if standard output is a terminal.
 */
export function prettyWriter({ format, noColor }: LogFormatSettings, isTerminal: boolean): LineWriter | undefined {
  if (format === 'json' || (format === undefined && !isTerminal)) return undefined;
  const color = isTerminal && !noColor ? paint : plain;
  return (json) => prettyLine(json, color);
}

/** Writes lines for people, through the same bounded stream as JSON. */
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

/** Writes JSON lines, and fatal ones on standard error too, where people look when a process did not start. */
export class JsonStream implements LogStream {
  readonly [METADATA] = true;
  /** Set by pino before it writes an event. Lines of requests come from elsewhere and are not inspected. */
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

/**
 * Returns the destination of lines before the settings are known; it writes synchronously, since the process ends
 * with them.
 */
export function earlyStream(pretty: LineWriter | undefined): DestinationStream {
  const lines = { dropped: 0, write: (text: string) => void writeSync(STDOUT, text) };
  return pretty === undefined ? new JsonStream(lines) : new PrettyStream(lines, pretty);
}

/** Writes to standard error, which may have no reader. */
function writeStderr(text: string): void {
  try {
    writeSync(STDERR, text);
  } catch {
    // The line is on standard output.
  }
}
