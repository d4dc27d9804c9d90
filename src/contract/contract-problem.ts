import type { DescMethod, DescService } from '@bufbuild/protobuf';

/** Something wrong in a contract. All of them are collected and shown at once; any of them refuses to boot. */
export interface ContractProblem {
  /** Path of the proto file: `user/v1/user.proto`. */
  readonly file: string;
  /** Full name of the RPC or service: `user.v1.UserService.GetUser`. */
  readonly subject: string;
  /** What is wrong, where, and how to fix it. */
  readonly message: string;
}

/** A problem of one RPC or of a whole service. */
export function problemOf(desc: DescMethod | DescService, message: string): ContractProblem {
  const service = desc.kind === 'rpc' ? desc.parent : desc;
  const subject = desc.kind === 'rpc' ? `${service.typeName}.${desc.name}` : service.typeName;
  return { file: `${service.file.name}.proto`, subject, message };
}

/** The line that boot and `gateway check` print for a problem. */
export function describeProblem(problem: ContractProblem): string {
  return `${problem.file}: ${problem.subject}: ${problem.message}`;
}
