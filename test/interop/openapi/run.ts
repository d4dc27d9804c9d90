import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startSubject } from './gateway.js';
import {
  CACHE,
  compileClient,
  fetchGenerator,
  installNpmTools,
  installSchemathesis,
  type Outcome,
  run,
} from './tools.js';

/** Skipped checks, with the reasons. */
const skipped: string[] = [];
let failures = 0;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

function report(name: string, { ok, output }: Outcome): void {
  say(`${ok ? 'ok  ' : 'FAIL'} ${name}`);
  if (ok) return;
  failures += 1;
  say(output.slice(-4_000));
}

/** Rules of linters that are not kept; test/edge/openapi-clients.spec.ts has the reasons. */
const REDOCLY = ['info-license', 'no-ambiguous-paths', 'operation-2xx-response', 'no-server-example.com'] as const;

/**
 * Checks of Schemathesis. Left out are those that hold requests against the schema: requests may use every form that
 * ProtoJSON reads, and what the backends of the sandbox refuse beyond their schema is theirs.
 */
const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_headers_conformance',
  'response_schema_conformance',
];

/** Findings of Schemathesis that are not errors. */
const WRITTEN_DOWN: Readonly<Record<string, string>> = {
  ST108:
    'the schema of text/event-stream is read as that of each event, as OpenAPI 3.2 has it; in 3.1 it is the whole body',
};

async function lint(bin: string, document: string): Promise<void> {
  writeFileSync(join(CACHE, 'spectral.yaml'), 'extends: ["spectral:oas"]\n');
  const spectral = ['lint', document, '-r', 'spectral.yaml', '--fail-severity', 'hint'];
  report('spectral: no findings', await run(join(bin, 'spectral'), spectral));
  const rules = REDOCLY.flatMap((rule) => ['--skip-rule', rule]);
  const redocly = await run(join(bin, 'redocly'), ['lint', document, '--extends', 'recommended', ...rules]);
  const isClean = redocly.ok && !/\bwarning/i.test(redocly.output.replaceAll(/no warnings/gi, ''));
  report('redocly: no findings', { ...redocly, ok: isClean });
}

async function generate(bin: string, document: string): Promise<void> {
  const target = join(CACHE, 'orval/client.ts');
  const made = await run(join(bin, 'orval'), ['--input', document, '--output', target, '--client', 'fetch']);
  report('orval: its client compiles under strict', made.ok ? await compileClient(target) : made);
  const jar = fetchGenerator();
  if (jar === undefined) return void skipped.push('openapi-generator: there is no java or no mvn');
  const folder = join(CACHE, 'typescript-fetch');
  const generated = await run('java', [
    '-jar',
    jar,
    'generate',
    '-i',
    document,
    '-g',
    'typescript-fetch',
    '-o',
    folder,
  ]);
  const compiled = generated.ok ? await compileClient(join(folder, 'index.ts')) : generated;
  report('openapi-generator: its typescript-fetch client compiles under strict', compiled);
}

/** Signing out would end the token of all other requests, and signing in belongs to browsers. */
const OTHERS = ['--exclude-path-regex', '^/auth/', '--exclude-operation-id', 'AuthService_Logout'];

async function fuzz(document: string, url: string, token: string): Promise<void> {
  const schemathesis = installSchemathesis();
  if (schemathesis === undefined) return void skipped.push('schemathesis: there is no python3 with venv');
  const headers = ['-H', `Authorization: Bearer ${token}`, '-H', 'X-Request-Timeout: 30s'];
  const amount = ['--phases', 'examples,coverage,fuzzing', '-n', '20', '--seed', '1', '--continue-on-failure'];
  const args = ['run', document, '--url', url, ...headers, '-c', CHECKS.join(','), ...OTHERS, ...amount, '--no-color'];
  const { ok, output } = await run(schemathesis, args);
  const found = [...output.matchAll(/^ {2}❌ (ST\d+) .*$/gm)];
  const unknown = found.filter(([, code]) => WRITTEN_DOWN[code ?? ''] === undefined);
  for (const [, code] of found) if (WRITTEN_DOWN[code ?? '']) say(`     ${code}: ${WRITTEN_DOWN[code ?? '']}`);
  const summary = /\d+ generated.*/.exec(output)?.[0] ?? 'no test cases';
  const isClean = summary.includes('generated') && unknown.length === 0 && (ok || found.length > 0);
  report(`schemathesis: ${summary}`, { ok: isClean, output });
}

/** Holds the OpenAPI document of a gateway against linters, generators of clients and a fuzzer. */
async function main(): Promise<void> {
  const bin = installNpmTools();
  mkdirSync(join(CACHE, 'orval'), { recursive: true });
  const subject = await startSubject();
  try {
    const document = join(CACHE, 'openapi.json');
    writeFileSync(document, await (await fetch(`${subject.url}/openapi.json`)).text());
    await lint(bin, document);
    await generate(bin, document);
    await fuzz(document, subject.url, subject.token);
  } finally {
    await subject.close();
  }
  for (const each of skipped) say(`skip ${each}`);
  process.exitCode = failures === 0 ? 0 : 1;
}

await main();
