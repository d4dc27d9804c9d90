import { isBuiltin } from 'node:module';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { findFiles, readText } from './project-files.js';

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

const { dependencies, devDependencies } = JSON.parse(readText('package.json')) as Manifest;
/** Programs that scripts run, peers of other packages, packages that are found by their path, and one of the code in docs/typed-clients.md. */
const NOT_IMPORTED = [
  '@bufbuild/buf',
  '@bufbuild/protoc-gen-es',
  '@nestjs/cli',
  '@oxc-node/core',
  '@stryker-mutator/vitest-runner',
  '@types/node',
  'node',
  'openapi-fetch',
  'oxlint',
  'oxlint-tsgolint',
  'swagger-ui-dist',
];

/** Names of the packages that a file imports, types included. */
function packagesOf(path: string): string[] {
  const { importedFiles } = ts.preProcessFile(readText(path), true, true);
  return importedFiles
    .map(({ fileName }) => fileName)
    .filter((name) => !name.startsWith('.') && !name.startsWith('/') && !isBuiltin(name))
    .map((name) => name.split('/', name.startsWith('@') ? 2 : 1).join('/'));
}

const product = findFiles('src/**/*.ts').filter((path) => !path.endsWith('.spec.ts'));
const rest = findFiles('{src,test,sandbox,bench,scripts}/**/*.{ts,mjs}').filter((path) => !product.includes(path));

describe('every import', () => {
  it('of the product is a dependency', () => {
    const missing = product.flatMap((path) =>
      packagesOf(path)
        .filter((name) => !(name in dependencies))
        .map((name) => `${path}: ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('of everything else is a dependency, if only of development', () => {
    const missing = rest.flatMap((path) =>
      packagesOf(path)
        .filter((name) => !(name in dependencies) && !(name in devDependencies))
        .map((name) => `${path}: ${name}`),
    );
    expect(missing).toEqual([]);
  });
});

it('every dependency is imported somewhere, or named here', () => {
  const imported = new Set([...product, ...rest, 'vitest.config.ts'].flatMap(packagesOf));
  const isImported = (name: string) => imported.has(name) || imported.has(name.replace('@types/', ''));
  const unused = Object.keys({ ...dependencies, ...devDependencies }).filter((name) => !isImported(name));
  expect(unused.toSorted()).toEqual(NOT_IMPORTED);
});
