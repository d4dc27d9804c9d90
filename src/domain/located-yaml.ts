import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  type YAMLMap,
} from 'yaml';

/** A value of a YAML or JSON text, with the line in which it begins, from 1. */
export type Located = LocatedMap | LocatedList | LocatedScalar;

export interface LocatedMap {
  readonly kind: 'map';
  readonly line: number;
  readonly members: readonly LocatedMember[];
}

export interface LocatedMember {
  readonly name: string;
  readonly line: number;
  readonly value: Located;
}

export interface LocatedList {
  readonly kind: 'list';
  readonly line: number;
  readonly items: readonly Located[];
}

export interface LocatedScalar {
  readonly kind: 'scalar';
  readonly line: number;
  readonly value: string | number | boolean | null;
}

/** An error in a text, with its line. */
export class LocatedError extends Error {
  override readonly name = 'LocatedError';

  constructor(
    readonly line: number,
    message: string,
  ) {
    super(message);
  }
}

/** Maximum number of nodes: aliases may repeat parts of a text, so their expansion is bounded. */
const MAX_NODES = 200_000;
const MAX_DEPTH = 32;

/** Parses one YAML 1.2 document, which includes JSON. Throws LocatedError for a text that is neither. */
export function readYaml(text: string): Located {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [mistake] = document.errors;
  if (mistake !== undefined) {
    const hint = mistake.code === 'BAD_ALIAS' ? ': a value that begins with * needs quotes' : '';
    throw new LocatedError(lines.linePos(mistake.pos[0]).line, mistake.message + hint);
  }
  return new Reader(document, lines).read(document.contents, 0);
}

/** Returns the value as plain JSON. */
export function plainValue(value: Located): unknown {
  if (value.kind === 'scalar') return value.value;
  if (value.kind === 'list') return value.items.map(plainValue);
  return Object.fromEntries(value.members.map((member) => [member.name, plainValue(member.value)]));
}

/** Describes the kind of a value, for messages. */
export function describeLocated(value: Located): string {
  if (value.kind === 'list') return 'a list';
  if (value.kind === 'map') return 'a map';
  return value.value === null ? 'empty' : `the ${typeof value.value} ${JSON.stringify(value.value)}`;
}

class Reader {
  private nodes = 0;

  constructor(
    private readonly document: Document,
    private readonly lines: LineCounter,
  ) {}

  read(node: Node | null, depth: number): Located {
    const line = node?.range ? this.lines.linePos(node.range[0]).line : 1;
    this.nodes += 1;
    if (this.nodes > MAX_NODES || depth > MAX_DEPTH) throw new LocatedError(line, 'is too large or nested too deeply');
    if (isAlias(node)) return this.read(node.resolve(this.document) ?? null, depth + 1);
    if (isMap(node)) return { kind: 'map', line, members: this.membersOf(node, depth) };
    if (isSeq(node)) {
      return { kind: 'list', line, items: node.items.map((item) => this.read(item as Node, depth + 1)) };
    }
    const value: unknown = isScalar(node) ? node.value : null;
    if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      return { kind: 'scalar', line, value };
    }
    throw new LocatedError(line, 'holds a value that JSON does not have');
  }

  private membersOf(map: YAMLMap, depth: number): LocatedMember[] {
    return map.items.filter(isPair).map(({ key, value }) => {
      const name = this.read(key as Node, depth + 1);
      if (name.kind !== 'scalar') throw new LocatedError(name.line, 'a name must be text');
      return { name: String(name.value), line: name.line, value: this.read(value as Node | null, depth + 1) };
    });
  }
}
