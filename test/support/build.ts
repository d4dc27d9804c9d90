import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { findFiles, readText, ROOT } from '../ops/project-files.js';

/**
 * Makes what `npm run build` makes, without its checks, in a folder of the cache. Only what has changed since the last
 * time is compiled. @returns that folder; `dist/main.js` and `bin/gateway.js` are in it, and no sources.
 */
export function buildGateway(): string {
  const folder = join(ROOT, '.cache/build', compilerVersion());
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, 'node_modules'))) symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true });
  const sources = findFiles('src/**/*.{ts,binpb,client.js,html}').filter((path) => !path.endsWith('.spec.ts'));
  const targets = new Map(sources.map((path) => [path, path.replace(/^src/, 'dist').replace(/\.ts$/, '.js')]));
  removeStale(folder, new Set(targets.values()));
  const options = compilerOptions();
  for (const [path, target] of targets) refresh(path, join(folder, target), options);
  return folder;
}

/** Names what the compiler's output depends on beside a source. */
function compilerVersion(): string {
  return createHash('sha256').update(ts.version).update(readText('tsconfig.json')).digest('hex').slice(0, 12);
}

function compilerOptions(): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => readFileSync(path, 'utf8'));
  const { compilerOptions: written } = config as { compilerOptions: object };
  // Of a single file the compiler does not know that the package is of ES modules.
  return ts.convertCompilerOptionsFromJson({ ...written, module: 'esnext' }, ROOT).options;
}

/** Removes what a source that is gone has left, since a glob or an import could still find it. */
function removeStale(folder: string, targets: ReadonlySet<string>): void {
  const built = findFiles(join(folder, 'dist/**/*.{js,binpb,html}')).map((path) => relative(folder, path));
  for (const path of built) if (!targets.has(path)) rmSync(join(folder, path));
}

function refresh(path: string, target: string, options: ts.CompilerOptions): void {
  const { mtimeMs } = statSync(join(ROOT, path));
  if (existsSync(target) && statSync(target).mtimeMs > mtimeMs) return;
  mkdirSync(dirname(target), { recursive: true });
  if (path.endsWith('.ts')) compile(path, target, options);
  else writeFileSync(target, readFileSync(join(ROOT, path)));
}

/** Writes a script, and its source map beside it as the compiler does. */
function compile(path: string, target: string, options: ts.CompilerOptions): void {
  const { outputText, sourceMapText } = ts.transpileModule(readText(path), {
    compilerOptions: options,
    fileName: path,
  });
  writeFileSync(target, outputText);
  if (sourceMapText === undefined) return;
  // From the folder, as if the sources lay beside `dist`: that is where the image has them.
  const source = relative(dirname(target), join(target.slice(0, target.indexOf('/dist/')), path));
  writeFileSync(`${target}.map`, JSON.stringify({ ...(JSON.parse(sourceMapText) as object), sources: [source] }));
}
