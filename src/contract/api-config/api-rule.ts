import { MethodOptions_IdempotencyLevel as Idempotency } from '@bufbuild/protobuf/wkt';
import { describeLocated, LocatedError, type LocatedMap, type LocatedMember } from '../../domain/located-yaml.js';
import { type FieldPolicy, FieldPolicySchema, type Policy, PolicySchema } from '../../gen/gateway/v1/policy_pb.js';
import { type HttpRule, HttpRuleSchema } from '../../gen/google/api/http_pb.js';
import { readMessage } from './read-message.js';

/** A rule of a file for one RPC, or for one field of a message. */
export type ApiRule = { readonly selector: string; readonly line: number; readonly location: string } & (
  | { readonly kind: 'http'; readonly value: HttpRule }
  | { readonly kind: 'policy'; readonly value: Policy; readonly idempotency: Idempotency | undefined }
  | { readonly kind: 'field'; readonly value: FieldPolicy }
);

/** Lists of rules in a file, with their kinds. */
export const RULE_LISTS = [
  { kind: 'http', section: 'http', list: 'rules' },
  { kind: 'policy', section: 'policy', list: 'rules' },
  { kind: 'field', section: 'policy', list: 'fields' },
] as const;

export type RuleKind = ApiRule['kind'];

const SELECTOR = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+$/;
/** The option of an RPC that retries, caches and fallbacks require; a proto that cannot be edited may lack it. */
const IDEMPOTENCY = ['idempotency_level', 'idempotencyLevel'];

/** Reads an entry of a list of rules. Returns undefined for an invalid one, whose mistakes are added to `mistakes`. */
export function readRule(
  kind: RuleKind,
  entry: LocatedMap,
  file: string,
  mistakes: LocatedError[],
): ApiRule | undefined {
  const before = mistakes.length;
  const selector = readSelector(entry, mistakes);
  const isOwn = ({ name }: LocatedMember) => name === 'selector' || (kind === 'policy' && IDEMPOTENCY.includes(name));
  const rest = { ...entry, members: entry.members.filter((member) => !isOwn(member)) };
  const place = { selector, line: entry.line, location: `${file}:${entry.line}` };
  const rule = { ...place, ...readValue(kind, entry, rest, mistakes) };
  return mistakes.length > before ? undefined : (rule as ApiRule);
}

function readValue(kind: RuleKind, entry: LocatedMap, rest: LocatedMap, mistakes: LocatedError[]) {
  switch (kind) {
    case 'http':
      return { kind, value: readMessage(HttpRuleSchema, rest, mistakes) };
    case 'policy':
      return { kind, value: readMessage(PolicySchema, rest, mistakes), idempotency: readIdempotency(entry, mistakes) };
    case 'field':
      return { kind, value: readMessage(FieldPolicySchema, rest, mistakes) };
  }
}

function readSelector({ members, line }: LocatedMap, mistakes: LocatedError[]): string {
  const member = members.find(({ name }) => name === 'selector');
  const text = member?.value.kind === 'scalar' ? member.value.value : undefined;
  if (typeof text === 'string' && SELECTOR.test(text)) return text;
  const reason = member === undefined ? 'has no selector' : `has ${describeLocated(member.value)} as its selector`;
  mistakes.push(
    new LocatedError(
      member?.line ?? line,
      `the rule ${reason}: write the full name of one RPC or field, without wildcards`,
    ),
  );
  return '';
}

function readIdempotency({ members }: LocatedMap, mistakes: LocatedError[]): Idempotency | undefined {
  const member = members.find(({ name }) => IDEMPOTENCY.includes(name));
  if (member === undefined) return undefined;
  const level =
    member.value.kind === 'scalar' ? Idempotency[member.value.value as keyof typeof Idempotency] : undefined;
  if (typeof level === 'number') return level;
  const levels = 'NO_SIDE_EFFECTS, IDEMPOTENT or IDEMPOTENCY_UNKNOWN';
  mistakes.push(
    new LocatedError(member.line, `idempotency_level is ${describeLocated(member.value)}: write ${levels}`),
  );
  return undefined;
}
