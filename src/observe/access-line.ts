import { ACCESS_FIELDS, type AccessField, type FieldSource, isoText } from './access-fields.js';
import { ownText, principalText, steadyText, type Text } from './field-texts.js';

export type LineLevel = 'debug' | 'info' | 'warn' | 'error';

/** Adjacent fields whose text is cached together: all steady, or all of the principal; any other field is alone. */
type Group = readonly [AccessField, ...AccessField[]];

/** A part of the line: constant text, and the text of the request that follows. */
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
 * Writes the line of a request as JSON text; it covers access and authorization decision. Most of a line repeats the
 * last one of its route, so adjacent fields that seldom change are cached as one text, which is rebuilt when one of
 * them changes; the fields of a principal are written once.
 */
export class AccessLine {
  private readonly afterTime: string;
  private readonly partsOfRoutes = new Map<string, readonly Part[]>();
  /** Texts by group; the same for all routes. */
  private readonly ofPrincipals = GROUPS.map(principalText);

  /** @param base fields that identify this process: `,"service":"api-gateway",…`. */
  constructor(base: string) {
    this.afterTime = `"${base}`;
  }

  /** Returns the line with its line feed. */
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
    // The text of a field leaves its closing quote to the following part.
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
