import { ConfigError, formatProblem } from './config/config-error.js';
import type { GatewayConfig } from './config/gateway-config.js';
import { ContractError } from './contract/contract.js';
import { describeProblem } from './contract/contract-problem.js';
import { DescriptorError } from './contract/descriptors.js';
import type { FieldViolation } from './domain/errors.js';
import { NetcheckError } from './startup-netcheck.js';
import { SocketListenError } from './ops/main-listener.js';
import { AdminListenError } from './ops/admin/admin-listen-error.js';

/** Thrown when a worker could not start. The worker has reported why. */
export class WorkerRefusal extends Error {
  constructor(readonly exitCode: number) {
    super(`a worker could not start (exit code ${exitCode})`);
  }
}

/** EX_CONFIG of sysexits.h: a restart with the same settings would fail again. */
const EXIT_CONFIG = 78;
const EXIT_FAILURE = 1;

/** Reasons why a gateway does not start as log lines, and the exit code of its process. */
export interface StartRefusal {
  readonly exitCode: number;
  readonly lines: readonly (readonly [fields: object, message: string])[];
}

/** Returns log lines and exit code for an error that ended a start. */
export function startRefusal(error: unknown, config: Pick<GatewayConfig, 'server'>): StartRefusal {
  const { server } = config;
  if (error instanceof AggregateError) {
    const refusals = error.errors.map((each: unknown) => startRefusal(each, config));
    const exitCode = Math.max(EXIT_FAILURE, ...refusals.map((refusal) => refusal.exitCode));
    return { exitCode, lines: refusals.flatMap(({ lines }) => lines) };
  }
  if (error instanceof ConfigError) return settingsRefusal(error);
  if (error instanceof ContractError) {
    const lines = error.problems.map((problem) => [problem, `contract_invalid ${describeProblem(problem)}`] as const);
    return { exitCode: EXIT_CONFIG, lines };
  }
  if (error instanceof DescriptorError) {
    return { exitCode: EXIT_CONFIG, lines: error.problems.map((problem) => [{}, `contract_invalid ${problem}`]) };
  }
  if (error instanceof WorkerRefusal) return { exitCode: error.exitCode, lines: [] };
  if (error instanceof AdminListenError) return adminRefusal(error);
  if (error instanceof NetcheckError) {
    const lines = error.failures.map(
      (failure) => [failure, `startup_netcheck_failed host=${failure.host} ${failure.reason}`] as const,
    );
    return { exitCode: EXIT_FAILURE, lines };
  }
  if (error instanceof SocketListenError) {
    return failure({ path: error.path, setting: 'GATEWAY_LISTEN' }, `socket_refused ${error.message}`);
  }
  if (isTaken(error)) {
    return portInUse(error.port, error.port === server.opsPort ? 'OPS_PORT' : 'API_GATEWAY_PORT');
  }
  return failure({ err: error }, 'panic: the gateway could not start');
}

/** Returns log lines and exit code for all problems of the settings. */
export function settingsRefusal({ problems }: ConfigError): StartRefusal {
  const lines = problems.map((problem) => [problem, `config_invalid ${formatProblem(problem)}`] as const);
  return { exitCode: EXIT_CONFIG, lines };
}

/** Returns the problems of settings and contracts in an error; empty for other errors. */
export function reasonsOf(error: unknown, config: Pick<GatewayConfig, 'server'>): FieldViolation[] {
  const { exitCode, lines } = startRefusal(error, config);
  if (exitCode !== EXIT_CONFIG) return [];
  return lines.map(([fields, message]) => {
    const { name, subject } = fields as { readonly name?: string; readonly subject?: string };
    return {
      field: name ?? subject ?? 'GATEWAY_DESCRIPTORS',
      detail: message.replace(/^(?:config|contract)_invalid /, ''),
    };
  });
}

function adminRefusal(error: AdminListenError): StartRefusal {
  const setting = 'GATEWAY_ADMIN_ADDR';
  if (error.isTaken) return portInUse(error.address.port, setting);
  return failure({ ...error.address, setting }, `admin_listener_refused ${error.message}`);
}

function portInUse(port: number, setting: string): StartRefusal {
  return failure({ port, setting, hint: `lsof -i :${port}` }, 'port_in_use');
}

function failure(fields: object, message: string): StartRefusal {
  return { exitCode: EXIT_FAILURE, lines: [[fields, message]] };
}

function isTaken(error: unknown): error is Error & { readonly port: number } {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE' && 'port' in error;
}
