import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DescService } from '@bufbuild/protobuf';
import type { DynamicModule, Type } from '@nestjs/common';
import { MODULE_METADATA } from '@nestjs/common/constants.js';
import { ConfigError, type ConfigProblem } from './config/config-error.js';
import { controlledService } from './edge/rpc-controller.js';

type ModuleLike = Type | DynamicModule;

const SECTIONS = [MODULE_METADATA.IMPORTS, MODULE_METADATA.PROVIDERS, MODULE_METADATA.CONTROLLERS] as const;

/** Loads the NestJS modules that the files of GATEWAY_MODULES export. Rejects with ConfigError, all problems in it. */
export async function loadModules(files: readonly string[]): Promise<readonly Type[]> {
  const problems: ConfigProblem[] = [];
  const loaded: Type[] = [];
  for (const file of files) {
    try {
      loaded.push(...(await modulesIn(file)));
    } catch (error) {
      problems.push(problemOf(file, error));
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return loaded;
}

/** Returns the controllers of modules and of what they import, each once, in the order in which Nest finds them. */
export function controllersOf(modules: readonly ModuleLike[]): readonly Type[] {
  return [...reachable(modules)].flatMap((module) => section<Type>(module, MODULE_METADATA.CONTROLLERS));
}

/** Returns the gRPC services that controllers of modules stand for. */
export function servicesOf(modules: readonly ModuleLike[]): readonly DescService[] {
  return controllersOf(modules).flatMap((controller) => controlledService(controller)?.service ?? []);
}

/** Returns the classes that modules provide under a token, such as APP_GUARD, in the order in which Nest finds them. */
export function providedUnder(token: string, modules: readonly ModuleLike[]): readonly Type[] {
  return [...reachable(modules)].flatMap((module) =>
    section<{ provide?: unknown; useClass?: Type }>(module, MODULE_METADATA.PROVIDERS).flatMap(
      ({ provide, useClass }) => (provide === token && useClass !== undefined ? [useClass] : []),
    ),
  );
}

async function modulesIn(file: string): Promise<Type[]> {
  const exported = Object.values((await import(pathToFileURL(resolve(file)).href)) as Record<string, unknown>);
  const modules = exported.filter(isModule);
  if (modules.length > 0) return modules;
  throw new Error('it exports no class with the decorator @Module of the @nestjs/common that the gateway uses');
}

function isModule(value: unknown): value is Type {
  return typeof value === 'function' && SECTIONS.some((key) => Reflect.hasOwnMetadata(key, value));
}

function problemOf(file: string, error: unknown): ConfigProblem {
  const reason = error instanceof Error ? error.message : String(error);
  const hint = 'name a JavaScript file that exports a NestJS module';
  return { name: 'GATEWAY_MODULES', reason: `the file ${file} cannot be used: ${reason}`, hint };
}

/** Modules and all that they import, the importing one first, each once. */
function reachable(modules: readonly ModuleLike[], seen = new Set<ModuleLike>()): ReadonlySet<ModuleLike> {
  for (const module of modules) {
    if (seen.has(module)) continue;
    seen.add(module);
    reachable(section<ModuleLike>(module, MODULE_METADATA.IMPORTS), seen);
  }
  return seen;
}

/** What a module lists, by its decorator and, for a dynamic one, by its value. */
function section<T>(module: ModuleLike, key: (typeof SECTIONS)[number]): readonly T[] {
  const type = 'module' in module ? module.module : module;
  const decorated = (Reflect.getMetadata(key, type) ?? []) as readonly T[];
  const added = 'module' in module ? ((module[key as 'imports'] ?? []) as readonly unknown[] as readonly T[]) : [];
  return [...decorated, ...added];
}
