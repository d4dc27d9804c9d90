import { printable, shortened } from './printable.js';

/** A log line, parsed. */
type Fields = Readonly<Record<string, unknown>>;

/** Paints a text; returns it unchanged without colors. */
export type Paint = (style: Style, text: string) => string;

/** SGR parameters (ECMA-48 8.3.117): bold, faint, and colors of the terminal's own palette. */
const STYLES = { bold: 1, faint: 2, red: 31, green: 32, yellow: 33, magenta: 35, cyan: 36 } as const;
type Style = keyof typeof STYLES;

const LEVELS: Readonly<Record<string, Style>> = {
  trace: 'faint',
  debug: 'faint',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'magenta',
};
/** Fields of every line, which do not help somebody who has just started the process. */
const HIDDEN = new Set([
  'level',
  'ts',
  'msg',
  'service',
  'env',
  'customer',
  'version',
  'pod',
  'policy_revision',
  'context',
]);
const MAX_PATH = 100;
const MAX_VALUE = 200;
const MAX_MESSAGE = 500;
const MAX_STACK_LINES = 12;
const METHOD_WIDTH = 7;
const MS_WIDTH = 9;

/** Paints a text with escape sequences; an empty text stays empty. */
export const paint: Paint = (style, text) => text && `\u001b[${STYLES[style]}m${text}\u001b[0m`;
export const plain: Paint = (_style, text) => text;

/**
 * Formats a JSON log line as one short line for people, with its line feed: for a request its method, path, status
 * and time, for an event its level, message and fields. The stack of an error follows, indented.
 */
export function prettyLine(json: string, color: Paint): string {
  const fields = parse(json);
  if (fields === undefined) return `${shortened(printable(json), MAX_MESSAGE)}\n`;
  const time = color('faint', timeOf(fields));
  return `${time} ${'logType' in fields ? requestLine(fields, color) : eventLine(fields, color)}\n`;
}

function parse(json: string): Fields | undefined {
  try {
    return JSON.parse(json) as Fields;
  } catch {
    return undefined;
  }
}

/** Returns the time of day in the local time zone: `15:04:05.123`. */
function timeOf({ ts }: Fields): string {
  const at = new Date(text(ts));
  const [hours, minutes, seconds] = [at.getHours(), at.getMinutes(), at.getSeconds()].map((part) =>
    String(part).padStart(2, '0'),
  );
  return `${hours}:${minutes}:${seconds}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

function requestLine(fields: Fields, color: Paint): string {
  const parts = [
    color('bold', shown(fields['method'], METHOD_WIDTH).padEnd(METHOD_WIDTH)),
    color(statusStyle(Number(fields['status'])), text(fields['status'])),
    `${Number(fields['duration_ms']).toFixed(1)} ms`.padStart(MS_WIDTH),
    shown(fields['request_uri'], MAX_PATH) || '-',
    color('cyan', upstreamOf(fields)),
    callerOf(fields),
    color(Number(fields['status']) >= 500 ? 'red' : 'yellow', failureOf(fields)),
    color('faint', shown(fields['request_id'], MAX_VALUE)),
  ];
  return parts.filter((part) => part !== '').join(' ');
}

function statusStyle(status: number): Style {
  if (status >= 500) return 'red';
  if (status >= 400) return 'yellow';
  return status >= 300 ? 'cyan' : 'green';
}

/** Returns `user/OK`, and remarkable facts about the call. */
function upstreamOf(fields: Fields): string {
  if (text(fields['upstream']) === '') return '';
  const retries = Number(fields['retries']) > 0 ? ` retries=${text(fields['retries'])}` : '';
  const cache = text(fields['response_cache']) === '' ? '' : ` cache=${text(fields['response_cache'])}`;
  return `${text(fields['upstream'])}/${text(fields['grpc_code']) || '-'}${retries}${cache}`;
}

function callerOf(fields: Fields): string {
  const [tenant, identity] = [shown(fields['tenant_id'], MAX_VALUE), shown(fields['identity_id'], MAX_VALUE)];
  return identity === '' ? '' : `${identity}@${tenant}`;
}

/** Returns the failure: `NOT_FOUND: user does not exist`. */
function failureOf(fields: Fields): string {
  const code = text(fields['error_code']);
  const cause = shown(fields['error_cause'], MAX_VALUE);
  return code === '' || cause === '' ? code : `${code}: ${cause}`;
}

function eventLine(fields: Fields, color: Paint): string {
  const level = text(fields['level']);
  const { err, ...rest } = fields;
  const message = text(fields['msg']);
  const pairs = Object.entries(rest).filter(([key, value]) => !HIDDEN.has(key) && !isTold(message, value));
  const parts = [
    color(LEVELS[level] ?? 'bold', level.padEnd(5)),
    shown(message, MAX_MESSAGE),
    ...pairs.map(([key, value]) => color('faint', `${printable(key)}=${shown(value, MAX_VALUE)}`)),
  ];
  return parts.filter((part) => part !== '').join(' ') + stackOf(err, color);
}

/** Returns whether the message already contains the value of a field, as many do for full-text search. */
function isTold(message: string, value: unknown): boolean {
  return value === '' || value === null || (typeof value === 'string' && message.includes(value));
}

/** Returns the stack of an error, one line per frame. */
function stackOf(err: unknown, color: Paint): string {
  if (typeof err !== 'object' || err === null) return '';
  const { stack, message } = err as { readonly stack?: unknown; readonly message?: unknown };
  const lines = (text(stack) || text(message)).split('\n').slice(0, MAX_STACK_LINES);
  return lines.map((line) => `\n    ${color('red', shortened(printable(line), MAX_VALUE))}`).join('');
}

function shown(value: unknown, max: number): string {
  return shortened(printable(text(value)), max);
}

function text(value: unknown): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}
