import { type Kind, Refusal } from './setting.js';

/** Characters of an HTTP field name (RFC 9110 5.6.2). */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** Parses a number from 0 to 1. */
export const ratio: Kind<number> = {
  form: 'number from 0 to 1',
  parse(raw) {
    if (/^(?:0|1|[01]?\.\d{1,9}|1\.0+)$/.test(raw) && Number(raw) <= 1) return Number(raw);
    throw new Refusal(
      `"${raw}" is not a number from 0 to 1`,
      'write a decimal number: 0.01 keeps one trace in a hundred',
    );
  },
};

/** Parses comma-separated, percent-encoded `key=value` attributes (OpenTelemetry resource SDK). */
export const attributes: Kind<Readonly<Record<string, string>>> = {
  form: 'list of key=value pairs',
  parse: (raw) => parsePairs(raw, (key) => key !== ''),
};

/** Parses header fields for the collector in the same format. They are secret, since they usually contain a token. */
export const headerFields: Kind<Readonly<Record<string, string>>> = {
  form: 'list of key=value pairs',
  secret: true,
  parse: (raw) => parsePairs(raw, (key) => TOKEN.test(key)),
};

/** Parses pairs. Errors do not quote the value, which may be a token. */
function parsePairs(raw: string, isKey: (key: string) => boolean): Readonly<Record<string, string>> {
  const pairs = raw.split(',').filter((pair) => pair.trim() !== '');
  return Object.fromEntries(
    pairs.map((pair, index): [string, string] => {
      const at = pair.indexOf('=');
      const key = pair.slice(0, Math.max(at, 0)).trim();
      const value = decode(pair.slice(at + 1).trim());
      if (isKey(key) && value !== undefined && !/[\0\r\n]/.test(value)) return [key, value];
      throw new Refusal(`pair ${index + 1} cannot be read`, 'write key=value,key2=value2 and percent-encode commas');
    }),
  );
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
