import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import ts from 'typescript';
import { CACHE, PEERS } from './paths.js';

const compilerOptions: ts.CompilerOptions = {
  module: ts.ModuleKind.ESNext,
  target: ts.ScriptTarget.ES2024,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  verbatimModuleSyntax: true,
};

/** Compiles a peer to plain JavaScript, so that no loader is in its process; returns its main file. */
export function transpilePeer(name: string): string {
  const source = join(PEERS, name);
  const target = join(CACHE, 'peers', name);
  rmSync(target, { recursive: true, force: true });
  mkdirSync(target, { recursive: true });
  for (const file of readdirSync(source).filter((entry) => entry.endsWith('.ts'))) {
    const { outputText } = ts.transpileModule(readFileSync(join(source, file), 'utf8'), {
      compilerOptions,
      fileName: file,
    });
    writeFileSync(join(target, `${basename(file, '.ts')}.js`), outputText);
  }
  return join(target, 'main.js');
}
