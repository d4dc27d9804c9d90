import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';
import { EXIT_UNAVAILABLE, type Terminal } from '../terminal.js';
import { collect, type Collected, type DiagSources } from './collect.js';
import { scrub, secretsOf } from './scrub.js';

export interface DiagOptions extends DiagSources {
  /** Undefined: `gateway-diag-<time>.tar.gz` in the working directory. */
  readonly file: string | undefined;
}

/** Only the owner may read the archive. */
const OWNER_ONLY = 0o600;

/**
 * Writes an archive for a ticket: versions, settings without secrets, metrics, requests in flight, circuit breakers, last
 * errors. It names missing data. Resolves to the exit code: 69 when the gateway did not respond at all.
 */
export async function writeDiagnostics(terminal: Terminal, { file, ...sources }: DiagOptions): Promise<number> {
  const collected = await collect(sources);
  const now = new Date();
  const root = `gateway-diag-${now.toISOString().replaceAll(/[:.]/g, '-')}`;
  const secrets = secretsOf(sources.context.env);
  const entries = collected.map((each) => {
    const body = contentOf(each, secrets);
    return { header: { name: `${root}/${each.name}`, size: body.length, mode: OWNER_ONLY, mtime: now }, body };
  });
  const path = file ?? `${root}.tar.gz`;
  try {
    writeFileSync(path, gzipSync(await packTar(entries)), { mode: OWNER_ONLY });
  } catch (error) {
    terminal.err(`${path} cannot be written: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
  for (const { name, isMissing, content } of collected) {
    if (isMissing) terminal.err(`not available: ${name.replace('.error.txt', '')}: ${content.toString().trim()}`);
  }
  terminal.out(path);
  return collected.some(({ name }) => name === 'metrics.txt' || name === 'config.json') ? 0 : EXIT_UNAVAILABLE;
}

/** Removes secrets from a file. A profile is compressed and contains only function names. */
function contentOf({ name, content }: Collected, secrets: readonly string[]): Buffer {
  return name.endsWith('.gz') ? content : Buffer.from(scrub(content.toString('utf8'), secrets));
}
