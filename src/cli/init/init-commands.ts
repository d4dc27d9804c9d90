import type { Command } from 'commander';
import type { ProgramParts } from '../diagnostic-commands.js';
import type { Terminal } from '../terminal.js';
import { type Files, importedProtos, MissingFilesError } from './package-files.js';
import { starterFiles } from './starter.js';
import { OverwriteError, writeFiles } from './write-files.js';

/** Commands from a new starter to a first response, in order. */
const NEXT_STEPS = [
  'npx buf build --as-file-descriptor-set -o orders.binpb      (needs @bufbuild/buf)',
  'npx gateway mock orders.binpb --listen 127.0.0.1:50060 &',
  'npx gateway start --env .env &',
  'curl -s http://127.0.0.1:8080/api/v1/orders/42 -H "authorization: Bearer $(npx gateway token issue --env .env --permissions orders.read)"',
];

/** Adds the commands that write the first files of a new project. */
export function addInitCommands(program: Command, { terminal, outcome }: ProgramParts): void {
  program
    .command('init <directory>')
    .description(
      'write a starter: a contract with policy, settings, compose, kustomize and CI; does not overwrite files',
    )
    .action((directory: string) => {
      outcome.exitCode = write(directory, starterFiles, {
        terminal,
        force: false,
        remedy: 'choose an empty directory',
      });
      if (outcome.exitCode !== 0) return;
      const steps = directory === '.' ? NEXT_STEPS : [`cd ${directory}`, ...NEXT_STEPS];
      for (const line of ['next:', ...steps.map((step) => `  ${step}`)]) terminal.out(line);
    });
  program
    .command('protos <directory>')
    .description('write the protos that contracts import: gateway/v1/policy.proto, google/api and others')
    .option('--force', 'replace those of another version', false)
    .action((directory: string, { force }: { force: boolean }) => {
      outcome.exitCode = write(directory, importedProtos, { terminal, force, remedy: '--force replaces them' });
    });
}

interface WriteOptions {
  readonly terminal: Terminal;
  readonly force: boolean;
  /** Advice about existing files. */
  readonly remedy: string;
}

function write(directory: string, read: () => Files, { terminal, force, remedy }: WriteOptions): number {
  try {
    const files = read();
    writeFiles(directory, files, { force });
    for (const path of files.keys()) terminal.out(`wrote ${directory === '.' ? '' : `${directory}/`}${path}`);
    return 0;
  } catch (error) {
    if (error instanceof OverwriteError) terminal.err(`${error.message}; nothing was written; ${remedy}`);
    else if (error instanceof MissingFilesError) terminal.err(error.message);
    else if (error instanceof Error && 'code' in error)
      terminal.err(`${directory} cannot be written: ${error.message}`);
    else throw error;
    return 1;
  }
}
