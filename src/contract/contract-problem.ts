import type { DescMethod, DescService } from '@bufbuild/protobuf';
import { ruleLocations } from './api-config/apply-rules.js';

/** A mistake in a contract. All of them are collected and reported together; any of them prevents the start. */
export interface ContractProblem {
  /** Path of the proto file, `user/v1/user.proto`, or the line of the rule that replaced it, `api.yaml:12`. */
  readonly file: string;
  /** Full name of the RPC or service: `user.v1.UserService.GetUser`. */
  readonly subject: string;
  /** Names the mistake, its place and how to fix it. */
  readonly message: string;
}

/** Makes a problem of one RPC or of a whole service. */
export function problemOf(desc: DescMethod | DescService, message: string): ContractProblem {
  if (desc.kind === 'service') return { file: `${desc.file.name}.proto`, subject: desc.typeName, message };
  const { parent, name, proto } = desc;
  const file = ruleLocations(proto).join(', ') || `${parent.file.name}.proto`;
  return { file, subject: `${parent.typeName}.${name}`, message };
}

/** Returns the line that startup and `gateway check` print for a problem. */
export function describeProblem(problem: ContractProblem): string {
  return `${problem.file}: ${problem.subject}: ${problem.message}`;
}
