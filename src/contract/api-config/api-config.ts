import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { nearest } from '../../domain/did-you-mean.js';
import {
  describeLocated,
  type Located,
  LocatedError,
  type LocatedMap,
  type LocatedMember,
  readYaml,
} from '../../domain/located-yaml.js';
import { type ApiRule, readRule, RULE_LISTS } from './api-rule.js';

/** Rules of a file in the format of a gRPC API configuration (google.api.Service). */
export interface ApiConfig {
  /** Path of the file as configured. */
  readonly source: string;
  /** SHA-256 of its text, in hex. */
  readonly digest: string;
  readonly rules: readonly ApiRule[];
}

/** Thrown for a file that cannot be used: each problem with its line. */
export class ApiConfigError extends Error {
  override readonly name = 'ApiConfigError';

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

const MAX_BYTES = 8 * 1024 * 1024;
const MAX_PROBLEMS = 50;
/** Members of google.api.Service that do not affect how requests are served. */
const DESCRIPTIVE = ['type', 'config_version', 'name', 'title', 'apis', 'documentation'];
const SECTIONS = ['http', 'policy'];

/** Reads a file of GATEWAY_POLICY_FILE. Throws ApiConfigError with all problems. */
export function readApiConfig(source: string): ApiConfig {
  const text = readText(source);
  const mistakes: LocatedError[] = [];
  try {
    const rules = rulesIn(readYaml(text), basename(source), mistakes);
    if (mistakes.length === 0) {
      return { source, digest: createHash('sha256').update(text).digest('hex'), rules };
    }
  } catch (error) {
    if (!(error instanceof LocatedError)) throw error;
    mistakes.push(error);
  }
  const shown = mistakes.toSorted((a, b) => a.line - b.line).slice(0, MAX_PROBLEMS);
  throw new ApiConfigError(shown.map(({ line, message }) => `${source}:${line}: ${message}`));
}

function readText(source: string): string {
  try {
    if (statSync(source).size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
    return readFileSync(source, 'utf8');
  } catch (error) {
    throw new ApiConfigError([`${source}: cannot be read: ${error instanceof Error ? error.message : String(error)}`]);
  }
}

function rulesIn(root: Located, file: string, mistakes: LocatedError[]): ApiRule[] {
  const members = mapOf(root, 'the file').members;
  for (const member of members) checkTopLevel(member, mistakes);
  const rules = RULE_LISTS.flatMap((place) =>
    listOf(members, place, mistakes).flatMap((item) => readRule(place.kind, item, file, mistakes) ?? []),
  );
  findRepeated(rules, mistakes);
  return rules;
}

function checkTopLevel({ name, line, value }: LocatedMember, mistakes: LocatedError[]): void {
  if (name === 'type' && !(value.kind === 'scalar' && value.value === 'google.api.Service')) {
    mistakes.push(new LocatedError(line, `type is ${describeLocated(value)}, not google.api.Service`));
  }
  if (SECTIONS.includes(name) || DESCRIPTIVE.includes(name)) return;
  const meant = nearest(name, [...SECTIONS, ...DESCRIPTIVE]);
  const hint = meant === undefined ? 'it reads http and policy, so remove it' : `did you mean ${meant}?`;
  mistakes.push(new LocatedError(line, `"${name}" is not read by the gateway: ${hint}`));
}

/** Returns the items of `http.rules`, `policy.rules` and `policy.fields`. */
function listOf(
  members: readonly LocatedMember[],
  place: (typeof RULE_LISTS)[number],
  mistakes: LocatedError[],
): readonly LocatedMap[] {
  const { section, list } = place;
  const found = members.find(({ name }) => name === section);
  if (found === undefined) return [];
  const inner = mapOf(found.value, section).members;
  const known: string[] = RULE_LISTS.filter((each) => each.section === section).map((each) => each.list);
  // Reported once per section, for the first of its lists.
  const unknown = known[0] === list ? inner.filter(({ name }) => !known.includes(name)) : [];
  for (const { name, line } of unknown) {
    mistakes.push(new LocatedError(line, `"${section}.${name}" is not known: write ${known.join(' or ')}`));
  }
  const value = inner.find(({ name }) => name === list)?.value;
  if (value === undefined) return [];
  if (value.kind === 'list') return value.items.map((item) => mapOf(item, `an entry of ${section}.${list}`));
  throw new LocatedError(value.line, `${section}.${list} is ${describeLocated(value)}, not a list`);
}

function mapOf(value: Located, what: string): LocatedMap {
  if (value.kind === 'map') return value;
  throw new LocatedError(value.line, `${what} is ${describeLocated(value)}, not a map`);
}

function findRepeated(rules: readonly ApiRule[], mistakes: LocatedError[]): void {
  const first = new Map<string, ApiRule>();
  for (const rule of rules) {
    const key = `${rule.kind} ${rule.selector}`;
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, rule);
    else
      mistakes.push(
        new LocatedError(rule.line, `${rule.selector} has its ${rule.kind} rule in line ${earlier.line} already`),
      );
  }
}
