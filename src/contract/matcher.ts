import { decodeSegment, InvalidPath, readCustomVerb, readValues, splitRawPath, withoutCustomVerb } from './raw-path.js';
import type { Route, Verb } from './route.js';

/** Result of matching a request line. `values` are decoded, in the order of `Route.variables`. */
export type Match =
  | { readonly kind: 'found'; readonly route: Route; readonly values: readonly string[] }
  /** Other methods have a route for this path; `allow` is the value of the Allow header, sorted. */
  | { readonly kind: 'method_not_allowed'; readonly allow: readonly string[] }
  | { readonly kind: 'not_found' }
  /** Status 400; `detail` may be shown to the client. */
  | { readonly kind: 'invalid'; readonly detail: string };

/**
 * Routes that end at a node, by custom verb (`''` for none): after exactly these segments, or after these and any
 * number of further ones.
 */
interface Node {
  readonly literals: Map<string, Node>;
  single: Node | undefined;
  readonly exact: Map<string, Route>;
  readonly open: Map<string, Route>;
}

const NOT_FOUND: Match = Object.freeze({ kind: 'not_found' });

/**
 * Matches requests against all templates: a literal before `*`, `*` before `**`, segment by segment from the left, and
 * a custom verb before a value that holds a colon. Compiled once; a search visits each node at most once per verb.
 */
export class RouteMatcher {
  private readonly roots = new Map<Verb, Node>();
  private readonly verbs = new Set<string>();

  constructor(routes: Iterable<Route>) {
    for (const route of routes) this.add(route);
  }

  /**
   * Matches a request.
   * @param rawPath the path as sent, percent-encoded; everything after a `?` is ignored.
   */
  match(verb: Verb, rawPath: string): Match {
    if (rawPath.charCodeAt(0) !== 0x2f) return NOT_FOUND;
    const segments = splitRawPath(rawPath);
    if (segments instanceof InvalidPath) return { kind: 'invalid', detail: segments.detail };
    const route = this.find(verb, segments) ?? (verb === 'HEAD' ? this.find('GET', segments) : undefined);
    if (route === undefined) return this.describeMiss(segments);
    const values = readValues(route, segments);
    return values instanceof InvalidPath
      ? { kind: 'invalid', detail: values.detail }
      : { kind: 'found', route, values };
  }

  /** Returns the methods that have a route for a path, sorted; empty for an invalid path. */
  methodsOf(rawPath: string): readonly string[] {
    const segments = splitRawPath(rawPath);
    return segments instanceof InvalidPath ? [] : this.verbsOf(segments);
  }

  /** Finds a route of any method for a path, which labels a request with the wrong method. */
  routeOf(rawPath: string): Route | undefined {
    const segments = splitRawPath(rawPath);
    if (segments instanceof InvalidPath) return undefined;
    const [verb] = this.verbsOf(segments);
    return verb === undefined ? undefined : (this.find(verb, segments) ?? this.find('GET', segments));
  }

  private add(route: Route): void {
    let node = this.roots.get(route.verb);
    if (node === undefined) this.roots.set(route.verb, (node = createNode()));
    for (const segment of route.path.segments) {
      if (segment.kind === 'literal') node = getOrCreate(node.literals, segment.text);
      else if (segment.kind === 'single') node = node.single ??= createNode();
    }
    const isOpen = route.path.segments.at(-1)?.kind === 'multi';
    const customVerb = route.path.verb ?? '';
    const ends = isOpen ? node.open : node.exact;
    if (!ends.has(customVerb)) ends.set(customVerb, route);
    if (customVerb !== '') this.verbs.add(customVerb);
  }

  private find(verb: Verb, segments: readonly string[]): Route | undefined {
    const root = this.roots.get(verb);
    if (root === undefined) return undefined;
    const customVerb = this.verbs.size === 0 ? '' : readCustomVerb(segments);
    const found = this.verbs.has(customVerb) ? search(root, withoutCustomVerb(segments), 0, customVerb) : undefined;
    return found ?? search(root, segments, 0, '');
  }

  private describeMiss(segments: readonly string[]): Match {
    const allow = this.verbsOf(segments);
    return allow.length === 0 ? NOT_FOUND : { kind: 'method_not_allowed', allow };
  }

  private verbsOf(segments: readonly string[]): string[] {
    const verbs = [...this.roots.keys()].filter((verb) => this.find(verb, segments) !== undefined);
    if (verbs.includes('GET') && !verbs.includes('HEAD')) verbs.push('HEAD');
    return verbs.toSorted();
  }
}

function createNode(): Node {
  return { literals: new Map(), single: undefined, exact: new Map(), open: new Map() };
}

function getOrCreate(nodes: Map<string, Node>, key: string): Node {
  let node = nodes.get(key);
  if (node === undefined) nodes.set(key, (node = createNode()));
  return node;
}

function search(node: Node, segments: readonly string[], index: number, customVerb: string): Route | undefined {
  const segment = segments[index];
  let found: Route | undefined;
  if (segment === undefined) {
    found = node.exact.get(customVerb);
  } else {
    const literal = node.literals.get(decodeSegment(segment));
    if (literal !== undefined) found = search(literal, segments, index + 1, customVerb);
    if (found === undefined && node.single !== undefined) found = search(node.single, segments, index + 1, customVerb);
  }
  return found ?? node.open.get(customVerb);
}
