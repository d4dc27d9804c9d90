import type { DeprecationPolicy } from '../domain/policy.js';
import type { Policy as ProtoPolicy } from '../gen/gateway/v1/policy_pb.js';

/** A date, or a date with a time and an offset (RFC 3339). */
const DATE = /^\d{4}-\d\d-\d\d(?:[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d))?$/;
/** Characters that end the target of a link (RFC 8288) or are not allowed in a URI. */
const NO_URI = /[^\x21-\x7e]|[<>"\\^`{|}]/;
/** Headers that the gateway itself adds for a deprecated RPC. */
const OWN_HEADERS = ['deprecation', 'sunset', 'link'];

/** Reads the deprecation of an RPC; undefined if it is not deprecated. Mistakes are added to `mistakes`. */
export function readDeprecation(proto: ProtoPolicy, mistakes: string[]): DeprecationPolicy | undefined {
  if (proto.deprecation === undefined) return undefined;
  const { since, sunset, link } = proto.deprecation;
  const sinceMs = readDate('since', since, mistakes);
  const sunsetMs = sunset === '' ? undefined : readDate('sunset', sunset, mistakes);
  if (sunsetMs !== undefined && sunsetMs < sinceMs) mistakes.push('deprecation.sunset is before deprecation.since');
  if (link !== '' && !isUri(link))
    mistakes.push(`deprecation.link ${JSON.stringify(link)} is not a URL or an absolute path`);
  const passed = proto.responseHeaders.filter((name) => OWN_HEADERS.includes(name));
  if (passed.length > 0) mistakes.push(`deprecation and response_headers "${passed[0]}" exclude each other`);
  return { sinceMs, sunsetMs, link: link === '' ? undefined : link };
}

/** Returns the headers of each response of a deprecated RPC (RFC 9745, RFC 8594); undefined for any other. */
export function deprecationHeaders(
  policy: DeprecationPolicy | undefined,
): Readonly<Record<string, string>> | undefined {
  if (policy === undefined) return undefined;
  const { sinceMs, sunsetMs, link } = policy;
  return {
    deprecation: `@${Math.floor(sinceMs / 1000)}`,
    ...(sunsetMs === undefined ? {} : { sunset: new Date(sunsetMs).toUTCString() }),
    ...(link === undefined ? {} : { link: `<${link}>; rel="deprecation"` }),
  };
}

function readDate(name: string, text: string, mistakes: string[]): number {
  const ms = DATE.test(text) ? Date.parse(text) : NaN;
  const isDate = !Number.isNaN(ms) && isOnCalendar(text);
  if (!isDate) mistakes.push(`deprecation.${name} "${text}" is not a date: write 2026-01-31, or 2026-01-31T12:00:00Z`);
  return isDate ? ms : 0;
}

/** Returns whether the date exists. `Date` reads 31 February as 3 March. */
function isOnCalendar(text: string): boolean {
  const day = text.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
}

function isUri(link: string): boolean {
  return !NO_URI.test(link) && (/^\/(?!\/)/.test(link) || (/^https?:/.test(link) && URL.canParse(link)));
}
