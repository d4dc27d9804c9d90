import type { SoakTestbed } from './testbed.js';
import type { EnvironmentOptions } from './environment.js';

/** One figure of a run, and whether it is what it must be. */
export interface Finding {
  readonly what: string;
  readonly figure: string;
  /** Undefined: a figure to know, without a target. */
  readonly target?: string;
  readonly passed?: boolean;
}

/** A run that is too long, or too dependent on time, to be a test. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** How long its load lasts unless told otherwise, in seconds. */
  readonly seconds: number;
  /** Longest time for all of it beside that load, in seconds. */
  readonly graceSeconds: number;
  /** How its backends differ from those of the sandbox. */
  readonly environment?: EnvironmentOptions;
  readonly run: (testbed: SoakTestbed, seconds: number) => Promise<readonly Finding[]>;
}

/** Two decimals for what is small. */
export function rounded(value: number): string {
  return Math.abs(value) < 100 ? String(Math.round(value * 100) / 100) : value.toFixed(0);
}

/** A figure without a target. */
export function noted(what: string, figure: string): Finding {
  return { what, figure };
}

/** A figure that must not be above a limit. What is not a number does not pass. */
export function atMost(what: string, value: number, limit: number, unit = ''): Finding {
  const figure = `${rounded(value)} ${unit}`.trim();
  return { what, figure, target: `≤ ${rounded(limit)} ${unit}`.trim(), passed: value <= limit };
}

/** A figure that must not be below a limit. What is not a number does not pass. */
export function atLeast(what: string, value: number, limit: number, unit = ''): Finding {
  const figure = `${rounded(value)} ${unit}`.trim();
  return { what, figure, target: `≥ ${rounded(limit)} ${unit}`.trim(), passed: value >= limit };
}

/** A count that must be exactly so. */
export function exactly(what: string, value: number, wanted: number): Finding {
  return { what, figure: String(value), target: String(wanted), passed: value === wanted };
}

/** A count that may differ from what is wanted by a share of it, either way. */
export function within(what: string, value: number, wanted: number, share: number): Finding {
  const off = Math.abs(value - wanted) / wanted;
  const figure = `${rounded(value)} (${rounded(100 * (value / wanted - 1))} %)`;
  return { what, figure, target: `${rounded(wanted)} ± ${share * 100} %`, passed: off <= share };
}
