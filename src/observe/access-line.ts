import { ACCESS_FIELDS, type AccessField, type FieldSource } from './access-fields.js';
import { ownText, principalText, steadyText, type Text } from './field-texts.js';
import { isoText } from './iso-text.js';

export type LineLevel = 'debug' | 'info' | 'warn' | 'error';

/** Neighbours that share a text: all steady, or all of the principal; any other field stands alone. */
type Group = readonly [AccessField, ...AccessField[]];

/** A part of the line: text that is always the same, and what a request has there. */
interface Part {
  readonly before: string;
  readonly text: Text;
}

const HEADS: Readonly<Record<LineLevel, string>> = {
  debug: '{"level":"debug","ts":"',
  info: '{"level":"info","ts":"',
  warn: '{"level":"warn","ts":"',
  error: '{"level":"error","ts":"',
};
const GROUPS = groupsOf(ACCESS_FIELDS);

/**
 * Writes the one line of a request as JSON text: the access and the decision, joined. Most of a line is what it was
 * in the last one of its route, so neighbours that seldom change are one text, made again when one of them does; what
 * the line says of a principal is made once.
 */
export class AccessLine {
  private readonly afterTime: string;
  private readonly partsOfRoutes = new Map<string, readonly Part[]>();
  /** By group; the same for all routes. */
  private readonly ofPrincipals = GROUPS.map(principalText);

  /** @param base the fields that name this process: `,"service":"api-gateway",…`. */
  constructor(base: string) {
    this.afterTime = `"${base}`;
  }

  /** Returns the line, its line feed included. */
  of(level: LineLevel, source: FieldSource): string {
    let line = HEADS[level] + isoText(source.at) + this.afterTime;
    for (const { before, text } of this.partsOf(source.call.routeLabel)) line = line + before + text(source);
    return `${line}}\n`;
  }

  private partsOf(routeLabel: string): readonly Part[] {
    let parts = this.partsOfRoutes.get(routeLabel);
    if (parts === undefined) this.partsOfRoutes.set(routeLabel, (parts = this.compile()));
    return parts;
  }

  private compile(): Part[] {
    // A text leaves its closing quote to the part after it.
    let quote = '';
    return GROUPS.map((group, at) => {
      const before = quote;
      const [field] = group;
      const [name, , kind] = field;
      quote = kind === 'text' || kind === 'foreign' ? '"' : '';
      if (kind === 'steady') return { before, text: steadyText(group) };
      if (kind === 'principal') return { before, text: this.ofPrincipals[at] as Text };
      return { before: `${before},"${name}":${quote}`, text: ownText(field) };
    });
  }
}

function groupsOf(fields: readonly AccessField[]): Group[] {
  const groups: [AccessField, ...AccessField[]][] = [];
  for (const field of fields) {
    const last = groups.at(-1);
    const [, , kind] = field;
    const isShared = kind === 'steady' || kind === 'principal';
    if (isShared && last?.[0][2] === kind) last.push(field);
    else groups.push([field]);
  }
  return groups;
}
