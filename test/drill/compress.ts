const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = String.raw`\d+(?:ms|[smhd])`;
/** Divides all durations by this: an alert that pages after four minutes pages after eight seconds. */
export const FACTOR = 30;
/** Scrapes and evaluations come no more often. */
const TICK_MS = 1_000;
/** The shortest window of a rate: four samples and some patience for a scrape that is late. */
const WINDOW_MS = 5_000;

/** Divides the durations of Prometheus rules and leaves everything else as it is, thresholds above all. */
export function compressRules(rules: string, factor = FACTOR): string {
  return rules
    .replaceAll(new RegExp(String.raw`\[(${DURATION})\]`, 'g'), (_all, window: string) => {
      return `[${divide(window, factor, WINDOW_MS)}]`;
    })
    .replaceAll(new RegExp(String.raw`\boffset (${DURATION})\b`, 'g'), (_all, offset: string) => {
      return `offset ${divide(offset, factor, TICK_MS)}`;
    })
    .replaceAll(
      new RegExp(String.raw`^( *)interval: (${DURATION})$`, 'gm'),
      (_all, indent: string, interval: string) => {
        return `${indent}interval: ${divide(interval, factor, TICK_MS)}`;
      },
    )
    .replaceAll(
      new RegExp(String.raw`^( *)(for|keep_firing_for): (${DURATION})$`, 'gm'),
      (_all, ...found: string[]) => {
        const [indent = '', key = '', pending = ''] = found;
        return `${indent}${key}: ${divide(pending, factor, 0)}`;
      },
    );
}

/** Divides the durations of a configuration of Prometheus or Alertmanager: `group_wait`, `scrape_interval` and the like. */
export function compressConfig(config: string, factor = FACTOR): string {
  const setting = new RegExp(String.raw`\b(\w+_(?:interval|timeout|wait)): (${DURATION})$`, 'gm');
  return config.replaceAll(setting, (_all, name: string, duration: string) => {
    return `${name}: ${divide(duration, factor, duration === '0s' ? 0 : TICK_MS)}`;
  });
}

/** Returns a duration as Prometheus reads it, in whole milliseconds. */
function divide(duration: string, factor: number, leastMs: number): string {
  const [, count = '', unit = ''] = /^(\d+)(\D+)$/.exec(duration) ?? [];
  const ms = Math.max(leastMs, Math.round((Number(count) * (UNIT_MS[unit] ?? 0)) / factor));
  return ms % 1_000 === 0 ? `${ms / 1_000}s` : `${ms}ms`;
}
