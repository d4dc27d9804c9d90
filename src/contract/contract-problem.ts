import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { ruleLocations } from './api-config/apply-rules.js';

/** Something wrong in a contract. All of them are collected and shown at once; any of them refuses to boot. */
export interface ContractProblem {
  /** Path of the proto file, `user/v1/user.proto`, or the lines of the rules that took its place, `api.yaml:12`. */
  readonly file: string;
  /** Full name of the RPC or service: `user.v1.UserService.GetUser`. */
  readonly subject: string;
  /** What is wrong, where, and how to fix it. */
  readonly message: string;
}

/** A problem of one RPC or of a whole service. */
export function problemOf(desc: DescMethod | DescService, message: string): ContractProblem {
  if (desc.kind === 'service') return { file: `${desc.file.name}.proto`, subject: desc.typeName, message };
  const { parent, name, proto } = desc;
  const file = ruleLocations(proto).join(', ') || `${parent.file.name}.proto`;
  return { file, subject: `${parent.typeName}.${name}`, message };
}

/** The line that boot and `gateway check` print for a problem. */
export function describeProblem(problem: ContractProblem): string {
  return `${problem.file}: ${problem.subject}: ${problem.message}`;
}
