import type { ContractProblem } from '../contract-problem.js';
import type { AppliedRule } from './apply-rules.js';

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
