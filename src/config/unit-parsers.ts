import { type Kind, Refusal } from './setting.js';

const DURATION_UNITS = new Map([
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
]);
const SIZE_UNITS = new Map([
  ['GiB', 1024 ** 3],
  ['MiB', 1024 ** 2],
  ['KiB', 1024],
  ['', 1],
]);
/** Units of printed durations. Minutes are left out, since `60s` is easier to compare with `40s` than `1m`. */
const PRINTED_UNITS = new Map([...DURATION_UNITS].filter(([unit]) => unit !== 'm'));
const MAX_INT32 = 2 ** 31 - 1;
/** Default maximum. It is below the maximum delay of a Node timer, which fires immediately beyond 2^31 ms. */
const DAY_MS = 86_400_000;

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** Parses a duration with a unit; returns ms. Numbers without a unit are rejected as ambiguous. */
export function duration({ min = 1, max = DAY_MS }: Bounds = {}): Kind<number> {
  return { form: 'duration', parse: within(parseDuration, formatDuration, { min, max }) };
}

/** Parses a number of bytes, without a unit or in KiB, MiB, GiB. */
export function bytes({ min = 1, max = MAX_INT32 }: Bounds = {}): Kind<number> {
  return { form: 'size', parse: within(parseSize, formatSize, { min, max }) };
}

/** Parses a whole number. */
export function count({ min = 0, max = MAX_INT32 }: Bounds = {}): Kind<number> {
  return { form: 'whole number', parse: within(parseCount, String, { min, max }) };
}

/** Parses a TCP port; 0 takes any free port. */
export const port: Kind<number> = {
  form: 'port',
  parse(raw) {
    if (raw.startsWith('tcp://')) {
      throw new Refusal(
        `"${raw}" is the address of a Kubernetes Service, not a port`,
        'set enableServiceLinks: false in the pod, or set the port in its env',
      );
    }
    return count({ max: 65_535 }).parse(raw);
  },
};

/** Parses `true` or `false`. */
export const flag: Kind<boolean> = {
  form: 'true or false',
  parse(raw) {
    if (raw === 'true') return true;
    if (raw === 'false') return false;
    throw new Refusal(`"${raw}" is neither true nor false`, 'write true or false');
  },
};

/** Formats ms as in a setting: `1500ms`, `30s`, `1h`. */
export function formatDuration(ms: number): string {
  return ms === 0 ? '0s' : format(ms, PRINTED_UNITS);
}

/** Formats bytes as in a setting: `1000`, `64KiB`, `1MiB`. */
export function formatSize(size: number): string {
  return format(size, SIZE_UNITS);
}

/** Formats a value in the largest unit that divides it. The units are ordered from large to small; the last one is 1. */
function format(value: number, units: ReadonlyMap<string, number>): string {
  const [unit, factor] = [...units].find(([, each]) => value >= each && value % each === 0) ?? ['', 1];
  return `${value / factor}${unit}`;
}

function parseDuration(raw: string): number {
  const [, digits, unit = ''] = /^(\d{1,12})(ms|s|m|h)$/.exec(raw) ?? [];
  if (digits !== undefined) return Number(digits) * (DURATION_UNITS.get(unit) ?? 1);
  if (/^\d+$/.test(raw)) {
    throw new Refusal(`"${raw}" has no unit`, `write ${raw}s for seconds, or ${raw}ms, ${raw}m, ${raw}h`);
  }
  throw new Refusal(`"${raw}" is not a duration`, 'write a whole number and a unit: 250ms, 5s, 15m, 1h');
}

function parseSize(raw: string): number {
  const [, digits, unit = ''] = /^(\d{1,12})(KiB|MiB|GiB)?$/.exec(raw) ?? [];
  if (digits !== undefined) return Number(digits) * (SIZE_UNITS.get(unit) ?? 1);
  throw new Refusal(
    `"${raw}" is not a size`,
    'write bytes as a whole number, or with KiB, MiB, GiB: 65536, 64KiB, 1MiB',
  );
}

function parseCount(raw: string): number {
  if (!/^\d{1,15}$/.test(raw)) throw new Refusal(`"${raw}" is not a whole number`, 'write digits only');
  return Number(raw);
}

function within(
  parse: (raw: string) => number,
  print: (value: number) => string,
  { min, max }: Required<Bounds>,
): (raw: string) => number {
  return (raw) => {
    const value = parse(raw);
    if (value >= min && value <= max) return value;
    throw new Refusal(`${raw} is out of range`, `write ${print(min)} to ${print(max)}`);
  };
}
