import { once } from 'node:events';
import { type Command, InvalidArgumentError } from 'commander';
import { count, duration } from '../config/unit-parsers.js';
import type { Kind } from '../config/setting.js';
import { upstreamVariables } from '../config/schema/upstream-settings.js';
import { upstreamOfService } from '../contract/upstream-of-service.js';
import { DescriptorError, loadDescriptors, type LoadOptions } from '../contract/descriptors.js';
import { MockFaultError } from '../testing/mock/mock-fault.js';
import { type Mock, startMock } from '../testing/mock/mock-server.js';
import { type ProgramParts, ENV_OPTION, type EnvOption } from './diagnostic-commands.js';
import { EXIT_CONFIG, EXIT_UNAVAILABLE, formatTable, type Terminal } from './terminal.js';

/** Default address; its port is not used by the sandbox. */
const LISTEN = '127.0.0.1:50060';
const ADDRESS = /^(?:unix:.+|(?:[^\s/:]+|\[[0-9a-fA-F:]+\]):\d{1,5})$/;

interface MockCommand extends EnvOption {
  readonly listen: string;
  readonly items: number;
  readonly messages: number;
  readonly interval: number;
  readonly fail: string[];
  readonly delay: string[];
}

/** Adds `gateway mock`, which runs until it receives a stop signal. */
export function addMock(program: Command, { terminal, outcome, context }: ProgramParts): void {
  program
    .command('mock [files...]')
    .description('serve the RPCs of descriptor sets (default: GATEWAY_DESCRIPTORS) with example responses')
    .option(...ENV_OPTION)
    .option('--listen <address>', 'host:port or unix:/path; port 0 takes any free port', parseAddress, LISTEN)
    .option('--items <number>', 'items of a list over all pages', parseAs(count({ max: 100_000 })), 25)
    .option('--messages <number>', 'messages of a server stream', parseAs(count({ max: 1_000_000 })), 5)
    .option('--interval <duration>', 'time between two messages of a stream', parseAs(duration({ min: 0 })), 200)
    .option('--fail <rpc=code>', 'fail an RPC, such as GetOrder=UNAVAILABLE; *=CODE fails all', collect, [])
    .option('--delay <rpc=duration>', 'delay an RPC, such as GetOrder=300ms; 300ms delays all', collect, [])
    .action(async (files: string[], options: MockCommand) => {
      const { GATEWAY_DESCRIPTORS = [], GATEWAY_UPSTREAMS = [] } = (await context(options)).inspection.settings;
      const sets = files.length > 0 ? files : GATEWAY_DESCRIPTORS;
      outcome.exitCode = await runMock(sets, terminal, { ...options, upstreamNames: GATEWAY_UPSTREAMS });
    });
}

async function runMock(
  files: readonly string[],
  terminal: Terminal,
  options: MockCommand & Pick<LoadOptions, 'upstreamNames'>,
): Promise<number> {
  if (files.length === 0) {
    terminal.err(
      'name a descriptor set: gateway mock orders.binpb; `npx buf build --as-file-descriptor-set -o …` makes one',
    );
    return EXIT_CONFIG;
  }
  const { messages, interval: intervalMs } = options;
  try {
    const mock = await startMock(loadDescriptors(files, options), { ...options, stream: { messages, intervalMs } });
    for (const line of describe(mock)) terminal.out(line);
    await Promise.race(['SIGINT', 'SIGTERM', 'SIGHUP'].map((signal) => once(process, signal)));
    mock.close();
    return 0;
  } catch (error) {
    if (error instanceof DescriptorError) error.problems.forEach((problem) => terminal.err(problem));
    else if (error instanceof MockFaultError) terminal.err(error.message);
    else return refuse(error, terminal, options);
    return EXIT_CONFIG;
  }
}

function refuse(error: unknown, terminal: Terminal, { listen }: MockCommand): number {
  terminal.err(`the mock cannot listen on ${listen}: ${error instanceof Error ? error.message : String(error)}`);
  terminal.err('choose another address with --listen; 127.0.0.1:0 takes any free port');
  return EXIT_UNAVAILABLE;
}

function describe({ address, services }: Mock): string[] {
  const rows = services.map((service) => [
    service.typeName,
    service.methods.map(({ name, methodKind }) => (methodKind === 'unary' ? name : `${name} (stream)`)).join(' '),
  ]);
  const upstreams = [...new Set(services.map(upstreamOfService))];
  return [
    `mock listens on ${address}`,
    ...formatTable(rows).map((row) => `  ${row}`),
    `for the gateway: ${upstreams.map((name) => `${upstreamVariables(name).url}=${address}`).join(' ')}`,
  ];
}

function parseAddress(raw: string): string {
  if (ADDRESS.test(raw)) return raw;
  throw new InvalidArgumentError(`write it as ${LISTEN}, [::1]:50060 or unix:/tmp/mock.sock`);
}

function parseAs<T>(kind: Kind<T>): (raw: string) => T {
  return (raw) => {
    try {
      return kind.parse(raw);
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
    }
  };
}

function collect(value: string, before: readonly string[]): string[] {
  return [...before, value];
}
