import type { FileRegistry } from '@bufbuild/protobuf';
import { nearest } from '../../domain/did-you-mean.js';
import type { ContractProblem } from '../contract-problem.js';
import type { ApiConfig } from './api-config.js';
import type { ApiRule } from './api-rule.js';
import type { AppliedRule } from './apply-rules.js';

/** Maximum number of reported rules: a file for another descriptor set would cause one report per rule. */
const MAX_SHOWN = 20;

/** The part of a descriptor set in which selectors are searched. */
interface SearchedSet {
  readonly registry: FileRegistry;
  readonly rules: readonly AppliedRule[];
}

/** Lists rules of a file whose selector is not mounted. The first set is the gateway's own. */
export function unknownSelectors({ source, rules }: ApiConfig, [builtIn, ...own]: readonly SearchedSet[]): string[] {
  // Compared by name, because a set that was loaded before has the rules of an earlier reading of the same text.
  const found = new Set(own.flatMap((set) => set.rules.map(({ rule }) => `${rule.kind} ${rule.selector}`)));
  const lost = rules.filter(({ kind, selector }) => !found.has(`${kind} ${selector}`));
  if (lost.length === 0) return [];
  const ours = own.map(({ registry }) => namesIn(registry));
  const names = { methods: ours.flatMap(({ methods }) => methods), fields: ours.flatMap(({ fields }) => fields) };
  const reserved = builtIn === undefined ? [] : namesIn(builtIn.registry).methods;
  const shown = lost.toSorted((a, b) => a.line - b.line).slice(0, MAX_SHOWN);
  const told = shown.map((rule) => `${source}:${rule.line}: ${reasonOf(rule, names, reserved)}`);
  return lost.length > MAX_SHOWN ? [...told, `${source}: ${lost.length - MAX_SHOWN} more rules name nothing`] : told;
}

interface Names {
  readonly methods: readonly string[];
  readonly fields: readonly string[];
}

function reasonOf({ selector, kind }: ApiRule, names: Names, reserved: readonly string[]): string {
  if (reserved.includes(selector)) return `${selector} is an RPC of the gateway's own contract, whose annotations hold`;
  const candidates = kind === 'field' ? names.fields : names.methods;
  const inside = candidates.find((name) => name.startsWith(`${selector}.`));
  const what = kind === 'field' ? 'field' : 'RPC';
  if (inside !== undefined) return `${selector} is not one ${what}: write a rule for each, such as ${inside}`;
  const meant = nearest(selector, candidates) ?? namesake(selector, candidates);
  const hint = meant === undefined ? 'mount its descriptor set with GATEWAY_DESCRIPTORS' : `did you mean ${meant}?`;
  return `no mounted descriptor set has the ${what} ${selector}: ${hint}`;
}

/** Returns a candidate with the same name in another service or package. */
function namesake(selector: string, candidates: readonly string[]): string | undefined {
  const last = selector.slice(selector.lastIndexOf('.'));
  return candidates.find((name) => name.toLowerCase().endsWith(last.toLowerCase()));
}

function namesIn(registry: FileRegistry): Names {
  const types = [...registry];
  return {
    methods: types.flatMap((type) =>
      type.kind === 'service' ? type.methods.map(({ name }) => `${type.typeName}.${name}`) : [],
    ),
    fields: types.flatMap((type) =>
      type.kind === 'message' ? type.fields.map(({ name }) => `${type.typeName}.${name}`) : [],
    ),
  };
}

/** Sets with rules of a file in them. */
interface RuledSets {
  readonly sets: readonly { readonly rules: readonly AppliedRule[] }[];
}

/** Lists rules of a file that contradict the protos that they replace, and rules that have no effect. */
export function ruleWarnings({ sets }: RuledSets): ContractProblem[] {
  return sets.flatMap(({ rules }) =>
    rules.flatMap(({ rule: { location: file, selector: subject, kind }, contradiction, hasPolicy }) => [
      ...(contradiction === undefined ? [] : [{ file, subject, message: `overrides ${contradiction}` }]),
      ...(kind === 'http' && !hasPolicy
        ? [{ file, subject, message: 'has a path and no policy, so it is not exposed: add a rule to policy.rules' }]
        : []),
    ]),
  );
}
