import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import ts from 'typescript';
import { findFiles, readText, ROOT } from '../ops/project-files.js';

/** What `npm run build` makes, without its checks, in a folder for temporary files. @returns that folder; `dist/main.js` and `bin/gateway.js` are in it. */
export function buildGateway(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gateway-build-'));
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  cpSync(join(ROOT, 'package.json'), join(folder, 'package.json'));
  cpSync(join(ROOT, 'bin'), join(folder, 'bin'), { recursive: true });
  const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => readFileSync(path, 'utf8'));
  const { compilerOptions } = config as { compilerOptions: object };
  // Of a single file the compiler does not know that the package is of ES modules.
  const { options } = ts.convertCompilerOptionsFromJson({ ...compilerOptions, module: 'esnext' }, ROOT);
  for (const path of findFiles('src/**/*.{ts,binpb,client.js,html}').filter((each) => !each.endsWith('.spec.ts'))) {
    const target = join(folder, path.replace(/^src/, 'dist').replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    if (!path.endsWith('.ts')) cpSync(join(ROOT, path), target);
    else compile(path, target, options);
  }
  return folder;
}

/** Writes a script, and its source map beside it as the compiler does. */
function compile(path: string, target: string, compilerOptions: ts.CompilerOptions): void {
  const { outputText, sourceMapText } = ts.transpileModule(readText(path), { compilerOptions, fileName: path });
  writeFileSync(target, outputText);
  if (sourceMapText === undefined) return;
  const source = relative(dirname(target), join(target.slice(0, target.indexOf('/dist/')), path));
  writeFileSync(`${target}.map`, JSON.stringify({ ...(JSON.parse(sourceMapText) as object), sources: [source] }));
}
