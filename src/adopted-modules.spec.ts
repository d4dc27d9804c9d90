import 'reflect-metadata';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Controller, forwardRef, Module, type Type } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { controllersOf, loadModules } from './adopted-modules.js';

const ESM = `import { Module, Controller } from '@nestjs/common';
const decorate = (name) => { const made = { [name]: class {} }[name]; Module({ providers: [] })(made); return made; };\n`;
const CJS = `const { Module } = require('@nestjs/common');
class CommonModule {} Module({ providers: [] })(CommonModule);\n`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'adopted-'));
  symlinkSync(join(import.meta.dirname, '../node_modules'), join(folder, 'node_modules'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const names = async (...files: string[]): Promise<string[]> =>
  (await loadModules(files)).map((each) => ('module' in each ? (each as { module: Type }).module.name : each.name));

describe('a file of GATEWAY_MODULES', () => {
  it.each([
    [
      'that exports two modules',
      'two.mjs',
      `${ESM}export const A = decorate('A'); export const B = decorate('B');`,
      ['A', 'B'],
    ],
    ['that exports one twice', 'twice.mjs', `${ESM}export const A = decorate('A'); export default A;`, ['A']],
    [
      'with a dynamic module',
      'dynamic.mjs',
      `${ESM}class D {} Module({})(D); export default { module: D, providers: [] };`,
      ['D'],
    ],
    ['in CommonJS', 'common.cjs', `${CJS}module.exports = { CommonModule };`, ['CommonModule']],
    ['in CommonJS, alone', 'alone.cjs', `${CJS}module.exports = CommonModule;`, ['CommonModule']],
    [
      'in CommonJS as TypeScript writes it',
      'ts.cjs',
      `${CJS}Object.defineProperty(exports, '__esModule', { value: true }); exports.CommonModule = CommonModule; exports.default = CommonModule;`,
      ['CommonModule'],
    ],
  ])('%s is mounted', async (_what, name, text, expected) => {
    expect(await names(file(name, text))).toEqual(expected);
  });

  it('is mounted once, however often it is named', async () => {
    const path = file('again.mjs', `${ESM}export const A = decorate('A');`);
    expect(await names(path, path)).toEqual(['A']);
  });

  it.each([
    ['is not there', 'missing.mjs', undefined, /missing\.mjs cannot be used: .*missing\.mjs/],
    ['throws an Error', 'throws.mjs', `throw new Error('no database');`, /no database/],
    ['throws something else', 'odd.mjs', `throw null;`, /odd\.mjs cannot be used: null/],
    ['has a syntax error', 'syntax.mjs', `export class {`, /syntax\.mjs cannot be used: /],
    ['exports nothing', 'nothing.mjs', `1;`, /exports no class/],
    ['exports a class without the decorator', 'plain.mjs', `export class Plain {}`, /exports no class/],
    ['exports null', 'null.mjs', `export default null;`, /exports no class/],
    ['imports what is not there', 'import.mjs', `import './absent.mjs';`, /absent\.mjs/],
  ])('that %s is refused by name', async (_what, name, text, reason) => {
    const path = text === undefined ? join(folder, name) : file(name, text);
    await expect(loadModules([path])).rejects.toThrow(reason);
  });

  it('that is a directory is refused by name', async () => {
    mkdirSync(join(folder, 'dir'));
    await expect(loadModules([join(folder, 'dir')])).rejects.toThrow(/dir cannot be used: it is a directory/);
  });
});

it('controllers are found behind forwardRef, and imports that are undefined are left to Nest', () => {
  const [far, farModule, root] = ['Far', 'FarModule', 'Root'].map(classOf) as [Type, Type, Type];
  Controller()(far);
  Module({ controllers: [far] })(farModule);
  const imports = [forwardRef(() => farModule), undefined, Promise.resolve({ module: farModule })];
  Reflect.defineMetadata('imports', imports, root);
  expect(controllersOf([root])).toEqual([far]);
});

function classOf(name: string): Type {
  return { [name]: function () {} }[name] as unknown as Type;
}
