import type { ContentCoding } from '../../config/names.js';
import { HeaderScanner } from '../../domain/header-scanner.js';

/** Weights of RFC 9110 12.4.2: at most three decimal places; a malformed weight excludes its coding. */
const WEIGHT = /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/;
/** Maximum number of headers that are cached, and their maximum length: browsers send only a few different ones. */
const MAX_KNOWN = 64;
const MAX_KNOWN_LENGTH = 128;

/** Chooses content codings by the Accept-Encoding of requests. */
export class CodingChoice {
  private readonly known = new Map<string, ContentCoding | undefined>();

  /** @param codings that are supported, in the order of preference. */
  constructor(private readonly codings: readonly ContentCoding[]) {}

  /** Returns the coding with the highest weight; undefined to send the response unencoded (RFC 9110 12.5.3). */
  of(header: string | string[] | undefined): ContentCoding | undefined {
    if (header === undefined) return undefined;
    const text = typeof header === 'string' ? header : header.join(',');
    if (this.known.has(text)) return this.known.get(text);
    const coding = this.choose(parseWeights(text));
    if (this.known.size >= MAX_KNOWN) this.known.clear();
    if (text.length <= MAX_KNOWN_LENGTH) this.known.set(text, coding);
    return coding;
  }

  /** Returns the coding with the highest weight. `identity` competes only if the client names it. */
  private choose(weights: ReadonlyMap<string, number>): ContentCoding | undefined {
    let best: ContentCoding | undefined;
    let weight = weights.get('identity') ?? 0;
    for (const coding of this.codings) {
      const own = weights.get(coding) ?? weights.get('*') ?? 0;
      if (own === 0 || own < weight || (own === weight && best !== undefined)) continue;
      best = coding;
      weight = own;
    }
    return best;
  }
}

/** Returns the weight of each coding; its first mention counts. `x-gzip` is gzip (RFC 9110 8.4.1.3). */
function parseWeights(header: string): ReadonlyMap<string, number> {
  const scanner = new HeaderScanner(header);
  const weights = new Map<string, number>();
  while (!scanner.atEnd) {
    scanner.skipSpace();
    if (scanner.take(',') || scanner.atEnd) continue;
    const name = scanner.token();
    const coding = name === 'x-gzip' ? 'gzip' : name;
    const weight = readWeight(scanner);
    if (coding !== '' && !weights.has(coding)) weights.set(coding, scanner.atElementEnd ? weight : 0);
    scanner.skipElement();
  }
  return weights;
}

/** Reads `;q=0.5`; returns 1 where there is no weight. */
function readWeight(scanner: HeaderScanner): number {
  scanner.skipSpace();
  if (!scanner.take(';')) return 1;
  scanner.skipSpace();
  if (scanner.token() !== 'q' || !scanner.take('=')) return 0;
  const value = scanner.value() ?? '';
  scanner.skipSpace();
  return WEIGHT.test(value) ? Number(value) : 0;
}
