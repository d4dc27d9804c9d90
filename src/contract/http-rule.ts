import { getOption, hasOption } from '@bufbuild/protobuf';
import type { DescMethod } from '@bufbuild/protobuf';
import { http } from '../gen/google/api/annotations_pb.js';
import type { HttpRule } from '../gen/google/api/http_pb.js';
import { problemOf } from './contract-problem.js';
import type { ContractProblem } from './contract-problem.js';
import type { Verb } from './route.js';
import { findVerbMistake } from './verbs.js';

/** One binding of google.api.http as written; the template is not parsed and the fields are not looked up yet. */
export interface HttpBinding {
  readonly verb: Verb;
  readonly template: string;
  /** `*`, the name of a field, or empty for no body. */
  readonly body: string;
  readonly responseBody: string;
}

/**
 * Returns the bindings of an RPC, the main one first; empty for an RPC without google.api.http. Works on descriptors of
 * any registry. Mistakes are added to `problems`.
 */
export function readHttpBindings(method: DescMethod, problems: ContractProblem[]): HttpBinding[] {
  if (!hasOption(method, http)) return [];
  const rule = getOption(method, http);
  if (rule.additionalBindings.some((binding) => binding.additionalBindings.length > 0)) {
    problems.push(problemOf(method, 'additional_bindings of google.api.http may not hold additional_bindings again'));
  }
  return [rule, ...rule.additionalBindings].flatMap((each) => {
    const binding = readBinding(each);
    const mistake = typeof binding === 'string' ? binding : findMistake(binding);
    if (mistake !== undefined) problems.push(problemOf(method, mistake));
    return typeof binding === 'string' || mistake !== undefined ? [] : [binding];
  });
}

function readBinding(rule: HttpRule): HttpBinding | string {
  const { pattern, body, responseBody } = rule;
  if (pattern.case === undefined) return 'google.api.http names no path: set get, put, post, delete, patch or custom';
  if (pattern.case !== 'custom')
    return { verb: pattern.case.toUpperCase(), template: pattern.value, body, responseBody };
  return { verb: pattern.value.kind.toUpperCase(), template: pattern.value.path, body, responseBody };
}

function findMistake({ verb, template, body }: HttpBinding): string | undefined {
  if (verb === '*') return `custom kind "*" of "${template}" is not supported: write one binding for each verb`;
  const mistake = findVerbMistake(verb);
  if (mistake !== undefined) return `"${verb}" of "${template}" is ${mistake}`;
  if (body !== '' && verb === 'GET') {
    return `a ${verb} request has no body: remove body: "${body}" from "${template}" or use post`;
  }
  return undefined;
}
