/** One segment of a template: a decoded literal, `*` (exactly one segment) or `**` (any number of them). */
export type TemplateSegment =
  { readonly kind: 'literal'; readonly text: string } | { readonly kind: 'single' } | { readonly kind: 'multi' };

/** A variable as written: the segments `start` (included) to `end` (excluded) are its value. */
export interface TemplateVariable {
  /** Dotted proto name. */
  readonly fieldPath: string;
  readonly start: number;
  readonly end: number;
  /** True if its pattern is more than one `*`: `**`, or several segments. */
  readonly multiSegment: boolean;
}

/** A path template of google.api.http, parsed. A `multi` segment is always the last one. */
export interface PathTemplate {
  readonly source: string;
  readonly segments: readonly TemplateSegment[];
  readonly variables: readonly TemplateVariable[];
  /** Custom verb after the `:`, decoded; undefined when there is none. */
  readonly verb: string | undefined;
}

/** Thrown for a template that does not follow the grammar; `position` counts characters from 0. */
export class PathTemplateError extends Error {
  override readonly name = 'PathTemplateError';

  constructor(
    readonly template: string,
    readonly position: number,
    readonly reason: string,
  ) {
    super(`${reason} at position ${position} of "${template}"`);
  }
}

/** Maximum length of a template and maximum number of its segments; they bound the matcher. */
const MAX_LENGTH = 2048;
const MAX_SEGMENTS = 64;

/** A pchar of RFC 3986 except `*`, which is a wildcard here, and `;`, which the matcher refuses in requests. */
const LITERAL_CHARACTER = /[\w\-.~!$&'()+,=:@%]/;
const IDENTIFIER = /^[A-Za-z_]\w*$/;

/**
 * Parses `/v1/{name=shelves/*}/books:archive` by the grammar of google/api/http.proto.
 * Throws PathTemplateError, which names the position and what was expected there.
 */
export function parsePathTemplate(source: string): PathTemplate {
  return new TemplateParser(source).parse();
}

class TemplateParser {
  private position = 0;
  private readonly segments: TemplateSegment[] = [];
  private readonly variables: TemplateVariable[] = [];

  constructor(private readonly source: string) {}

  parse(): PathTemplate {
    if (this.source.length > MAX_LENGTH)
      throw this.error(`a template may have ${MAX_LENGTH} characters at most`, MAX_LENGTH);
    if (this.source[0] !== '/') throw this.error('a template must begin with "/"');
    this.position = 1;
    this.parseSegments(false);
    const verb = this.parseVerb();
    if (this.position < this.source.length) throw this.error(`unexpected "${this.source[this.position]}"`);
    return { source: this.source, segments: this.segments, variables: this.variables, verb };
  }

  private parseSegments(insideVariable: boolean): void {
    for (;;) {
      this.parseSegment(insideVariable);
      if (this.source[this.position] !== '/') return;
      if (this.segments.at(-1)?.kind === 'multi') throw this.error('"**" must be the last segment: unexpected "/"');
      this.position++;
    }
  }

  private parseSegment(insideVariable: boolean): void {
    if (this.segments.length >= MAX_SEGMENTS) throw this.error(`a template may have ${MAX_SEGMENTS} segments at most`);
    const character = this.source[this.position];
    if (character === '{') {
      if (insideVariable) throw this.error('a variable may not contain another variable: unexpected "{"');
      this.parseVariable();
    } else if (character === '*') {
      this.parseWildcard();
    } else {
      this.segments.push({ kind: 'literal', text: this.parseLiteral(insideVariable) });
    }
  }

  private parseWildcard(): void {
    const multi = this.source[this.position + 1] === '*';
    this.position += multi ? 2 : 1;
    if (this.source[this.position] === '*') throw this.error('only "*" and "**" are wildcards: unexpected "*"');
    this.segments.push({ kind: multi ? 'multi' : 'single' });
  }

  private parseVariable(): void {
    const opening = this.position++;
    const fieldPath = this.parseFieldPath();
    const start = this.segments.length;
    if (this.source[this.position] === '=') {
      this.position++;
      this.parseSegments(true);
    } else {
      this.segments.push({ kind: 'single' });
    }
    if (this.source[this.position] !== '}') throw this.error(`the variable opened at position ${opening} needs a "}"`);
    this.position++;
    const end = this.segments.length;
    const multiSegment = end - start > 1 || this.segments[start]?.kind === 'multi';
    if (this.variables.some((variable) => variable.fieldPath === fieldPath)) {
      throw this.error(`the variable "${fieldPath}" is bound twice`, opening);
    }
    this.variables.push({ fieldPath, start, end, multiSegment });
  }

  private parseFieldPath(): string {
    const start = this.position;
    while (/[\w.]/.test(this.source[this.position] ?? '')) this.position++;
    const fieldPath = this.source.slice(start, this.position);
    if (fieldPath === '') throw this.error('expected the name of a field after "{"');
    if (!fieldPath.split('.').every((name) => IDENTIFIER.test(name))) {
      throw this.error(`"${fieldPath}" is no field path such as user.id`, start);
    }
    return fieldPath;
  }

  /** Parses a literal. It ends at `/`, at `}` or, in the last segment, at its last `:`, which begins the verb. */
  private parseLiteral(insideVariable: boolean): string {
    const start = this.position;
    this.skipLiteral();
    const colon = this.source.lastIndexOf(':');
    if (this.position === this.source.length && !insideVariable && colon >= start) this.position = colon;
    if (this.position === start) throw this.error(this.describeMissingLiteral());
    return this.decodeLiteral(start);
  }

  private parseVerb(): string | undefined {
    if (this.source[this.position] !== ':') return undefined;
    this.position++;
    const start = this.position;
    this.skipLiteral();
    if (this.position === start) throw this.error('expected the name of the verb after ":"');
    if (this.source.slice(start, this.position).includes(':')) throw this.error('a verb may not contain ":"', start);
    return this.decodeLiteral(start);
  }

  private skipLiteral(): void {
    while (LITERAL_CHARACTER.test(this.source[this.position] ?? '')) this.position++;
  }

  private decodeLiteral(start: number): string {
    const raw = this.source.slice(start, this.position);
    const broken = /%(?![\dA-Fa-f]{2})/.exec(raw);
    if (broken !== null) throw this.error('"%" must be followed by two hexadecimal digits', start + broken.index);
    const text = decode(raw);
    if (text === undefined) throw this.error(`the percent sequences of "${raw}" are not UTF-8`, start);
    if (isUnmatchable(text)) throw this.error(`no request path can hold the segment "${raw}"`, start);
    return text;
  }

  private describeMissingLiteral(): string {
    const character = this.source[this.position];
    if (character === undefined) return 'expected a segment: a template may not end with "/"';
    if (character === '/') return 'empty segment: unexpected "/"';
    if (character === ':') return 'expected a segment before the verb';
    return `unexpected "${character}"`;
  }

  private error(reason: string, position = this.position): PathTemplateError {
    return new PathTemplateError(this.source, position, reason);
  }
}

function decode(raw: string): string | undefined {
  try {
    return decodeURIComponent(raw);
  } catch {
    return undefined;
  }
}

/** Returns whether a literal could never match, because the matcher refuses it in any request. */
function isUnmatchable(text: string): boolean {
  return text === '.' || text === '..' || /[/\\\p{Cc}]/u.test(text);
}
