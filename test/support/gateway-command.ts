import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { unpackTar } from 'modern-tar';
import { run } from '../../src/cli/program.js';
import type { Environment } from '../../src/config/variables.js';

/** Output and exit code of a command. */
export interface CommandResult {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `gateway …` in this process. @param input what it reads from standard input. */
export async function gatewayCommand(args: readonly string[], env: Environment, input = ''): Promise<CommandResult> {
  const out: string[] = [];
  const err: string[] = [];
  const terminal = {
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
    read: () => Promise.resolve(input),
  };
  const exitCode = await run(args, terminal, env);
  return { exitCode, out: out.join('\n'), err: err.join('\n') };
}

/** The files of a `.tar.gz` by their names below its one directory. */
export async function unpackArchive(file: string): Promise<Map<string, string>> {
  const entries = await unpackTar(gunzipSync(readFileSync(file)));
  return new Map(
    entries.map(({ header, data }) => [header.name.split('/').slice(1).join('/'), Buffer.from(data ?? []).toString()]),
  );
}
