import { GatewayError } from './errors.js';
import { lowerAscii } from './header-text.js';
import { HeaderScanner } from './header-scanner.js';

/** A media range of an Accept header (RFC 9110 12.5.1), names in lower case. */
interface MediaRange {
  readonly type: string;
  readonly subtype: string;
  readonly parameters: ReadonlyMap<string, string>;
  /** 0 to 1; 0 means "not acceptable". */
  readonly weight: number;
}

/** Rank of an offer: by weight, then by how specific the matching range is, then by its position in the header. */
interface Rank {
  readonly weight: number;
  readonly specificity: number;
  readonly place: number;
}

const ANY: MediaRange = { type: '*', subtype: '*', parameters: new Map(), weight: 1 };
/** Maximum number of cached media types, of cached headers for each, and maximum length of those headers. */
const MAX_KNOWN = 256;
const MAX_KNOWN_LENGTH = 256;
/** Cached results by media type, of which routes and upstreams have few, and by header. */
const ACCEPTED = new Map<string, Map<string, boolean>>();
/** A weight of one to nine decimal places, with or without the leading zero: Java has sent `q=.2` for decades. */
const WEIGHT = /^(?:0?\.\d{1,9}|[01]|0\.|1\.0{0,9})$/;

/**
 * Returns the index of the media type to send, of those offered in the order of the server's preference; -1 when the
 * client accepts none of them. A missing or empty header accepts everything; a malformed range matches nothing.
 * @param accept the lines of the header joined by commas, as Node provides them.
 */
export function negotiate(accept: string | undefined, offers: readonly string[]): number {
  const ranges = accept === undefined ? [ANY] : parseAccept(accept);
  let best = -1;
  let bestRank: Rank | undefined;
  for (const [index, offer] of offers.entries()) {
    const rank = rankOf(offer, ranges);
    if (rank === undefined || rank.weight === 0 || !isBetter(rank, bestRank)) continue;
    best = index;
    bestRank = rank;
  }
  return best;
}

/** Returns whether a client accepts a media type. Results for short headers are cached, because clients repeat them. */
export function accepts(accept: string | undefined, mediaType: string): boolean {
  if (accept === undefined || accept === '*/*') return true;
  let known = ACCEPTED.get(mediaType);
  if (known === undefined) {
    if (ACCEPTED.size >= MAX_KNOWN) ACCEPTED.clear();
    ACCEPTED.set(mediaType, (known = new Map()));
  }
  let accepted = known.get(accept);
  if (accepted !== undefined) return accepted;
  accepted = negotiate(accept, [mediaType]) === 0;
  if (known.size >= MAX_KNOWN) known.clear();
  if (accept.length <= MAX_KNOWN_LENGTH) known.set(accept, accepted);
  return accepted;
}

/**
 * Returns whether a client prefers HTML over JSON, as navigating browsers do. A client that accepts anything does not.
 */
export function prefersPage(accept: string | undefined): boolean {
  return accept !== undefined && negotiate(accept, ['application/json', 'text/html']) === 1;
}

/** Returns the error for a request that accepts none of the media types of its route. */
export function notAcceptable(offers: readonly string[]): GatewayError {
  const names = offers.map((offer) => offer.split(';', 1)[0]).join(' or ');
  return new GatewayError('NOT_ACCEPTABLE', `The Accept header allows no type of this response: it comes as ${names}.`);
}

function isBetter(rank: Rank, than: Rank | undefined): boolean {
  if (than === undefined) return true;
  if (rank.weight !== than.weight) return rank.weight > than.weight;
  if (rank.specificity !== than.specificity) return rank.specificity > than.specificity;
  return rank.place < than.place;
}

/** Returns the rank of an offer; the most specific matching range decides. */
function rankOf(offer: string, ranges: readonly MediaRange[]): Rank | undefined {
  const offered = readRange(new HeaderScanner(offer)) ?? ANY;
  let best: Rank | undefined;
  for (const [place, range] of ranges.entries()) {
    const specificity = matchSpecificity(range, offered);
    if (specificity < 0 || (best !== undefined && specificity <= best.specificity)) continue;
    best = { weight: range.weight, specificity, place };
  }
  return best;
}

/** Returns 0 for `*` `/*`, 1 for a type alone, 2 and more for a media type with its parameters; -1 without a match. */
function matchSpecificity(range: MediaRange, offered: MediaRange): number {
  if (range.type !== '*' && range.type !== offered.type) return -1;
  if (range.subtype !== '*' && range.subtype !== offered.subtype) return -1;
  for (const [name, value] of range.parameters) if (offered.parameters.get(name) !== value) return -1;
  const named = (range.type === '*' ? 0 : 1) + (range.subtype === '*' ? 0 : 1);
  return named + range.parameters.size;
}

function parseAccept(accept: string): readonly MediaRange[] {
  const scanner = new HeaderScanner(accept);
  const ranges: MediaRange[] = [];
  let isEmpty = true;
  while (!scanner.atEnd) {
    scanner.skipSpace();
    if (scanner.take(',') || scanner.atEnd) continue;
    isEmpty = false;
    const range = readRange(scanner);
    if (range !== undefined && scanner.atElementEnd) ranges.push(range);
    scanner.skipElement();
  }
  return isEmpty ? [ANY] : ranges;
}

/** Reads one range. A lone `*` means any media type, as old clients send it. */
function readRange(scanner: HeaderScanner): MediaRange | undefined {
  const type = scanner.token();
  const subtype = scanner.take('/') ? scanner.token() : type === '*' ? '*' : '';
  if (type === '' || subtype === '' || (type === '*' && subtype !== '*')) return undefined;
  const parameters = new Map<string, string>();
  let weight = 1;
  for (;;) {
    scanner.skipSpace();
    if (!scanner.take(';')) return { type, subtype, parameters, weight };
    scanner.skipSpace();
    const name = scanner.token();
    if (name === '') continue;
    const value = scanner.take('=') ? scanner.value() : undefined;
    if (value === undefined || (name === 'q' && !WEIGHT.test(value))) return undefined;
    if (name === 'q') weight = Number(value);
    // Of the parameters in use here, only the value of charset is case-insensitive.
    else parameters.set(name, name === 'charset' ? lowerAscii(value) : value);
  }
}
