import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { DescService } from '@bufbuild/protobuf';
import type { DynamicModule, ForwardReference, Type } from '@nestjs/common';
import { MODULE_METADATA } from '@nestjs/common/constants.js';
import { ConfigError, type ConfigProblem } from './config/config-error.js';
import { controlledService } from './edge/rpc-controller.js';

/** Mountable module: a class, or the result of a `forRoot`. */
export type ModuleLike = Type | DynamicModule;

/** Entry of the `imports` of a module. Nest reports undefined ones. */
type Import = ModuleLike | ForwardReference<() => ModuleLike> | Promise<DynamicModule> | undefined;

/** Provider of a global enhancer. */
interface Provided {
  readonly provide?: unknown;
  readonly useClass?: Type;
  readonly useExisting?: Type;
  readonly useValue?: object;
  readonly useFactory?: Function;
}

const SECTIONS = [MODULE_METADATA.IMPORTS, MODULE_METADATA.PROVIDERS, MODULE_METADATA.CONTROLLERS] as const;

/** Loads the NestJS modules that the files of GATEWAY_MODULES export. Rejects with ConfigError, which contains all problems. */
export async function loadModules(files: readonly string[]): Promise<readonly ModuleLike[]> {
  const problems: ConfigProblem[] = [];
  const loaded: ModuleLike[] = [];
  for (const file of files) {
    try {
      loaded.push(...(await modulesIn(file)));
    } catch (error) {
      problems.push(problemOf(file, error));
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return [...new Set(loaded)];
}

/** Returns the controllers of modules and of what they import, each once, in the order in which Nest finds them. */
export function controllersOf(modules: readonly ModuleLike[]): readonly Type[] {
  return [...reachable(modules)].flatMap((module) => section<Type>(module, MODULE_METADATA.CONTROLLERS));
}

/** Returns the gRPC services that controllers of modules implement. */
export function servicesOf(modules: readonly ModuleLike[]): readonly DescService[] {
  return controllersOf(modules).flatMap((controller) => controlledService(controller)?.service ?? []);
}

/** Returns whether modules, or their imports, have Nest middleware. */
export function hasMiddleware(modules: readonly ModuleLike[]): boolean {
  return [...reachable(modules)].some((module) => {
    const { prototype } = ('module' in module ? module.module : module) as { readonly prototype?: object };
    return typeof (prototype as { configure?: unknown } | undefined)?.configure === 'function';
  });
}

/**
 * Returns what modules provide under a token, such as APP_GUARD, in the order in which Nest finds it: a class, an object,
 * or the factory that will make one.
 */
export function providedUnder(token: string, modules: readonly ModuleLike[]): readonly object[] {
  return [...reachable(modules)].flatMap((module) =>
    section<Provided>(module, MODULE_METADATA.PROVIDERS).flatMap((provided) => {
      if (provided.provide !== token) return [];
      const { useClass, useExisting, useValue, useFactory } = provided;
      return useClass ?? useExisting ?? useValue ?? useFactory ?? [];
    }),
  );
}

async function modulesIn(file: string): Promise<ModuleLike[]> {
  const path = resolve(file);
  if (statSync(path).isDirectory()) throw new Error('it is a directory');
  const exported = Object.values((await import(pathToFileURL(path).href)) as Record<string, unknown>);
  const modules = exported.filter(isModule);
  if (modules.length > 0) return modules;
  throw new Error('it exports no class with the decorator @Module, which lists imports, providers or controllers');
}

/** Returns whether a value is a class with the decorator of any copy of @nestjs/common, or a dynamic module. */
function isModule(value: unknown): value is ModuleLike {
  if (typeof value === 'function') return SECTIONS.some((key) => Reflect.hasOwnMetadata(key, value));
  return typeof value === 'object' && value !== null && 'module' in value && typeof value.module === 'function';
}

function problemOf(file: string, error: unknown): ConfigProblem {
  const reason = error instanceof Error ? error.message : String(error);
  const hint = 'name a JavaScript file that exports a NestJS module';
  return { name: 'GATEWAY_MODULES', reason: `the file ${file} cannot be used: ${reason}`, hint };
}

/** Returns modules and all their imports, the importing one first, each once. Promises are skipped. */
function reachable(modules: readonly Import[], seen = new Set<ModuleLike>()): ReadonlySet<ModuleLike> {
  for (const each of modules) {
    const module = each !== undefined && 'forwardRef' in each ? each.forwardRef() : each;
    if (module === undefined || module === null || module instanceof Promise || seen.has(module)) continue;
    seen.add(module);
    reachable(section<Import>(module, MODULE_METADATA.IMPORTS), seen);
  }
  return seen;
}

/** Returns the entries of a module in its decorator and, for a dynamic one, in its value. */
function section<T>(module: ModuleLike, key: (typeof SECTIONS)[number]): readonly T[] {
  const type = 'module' in module ? module.module : module;
  const decorated = (Reflect.getMetadata(key, type) ?? []) as readonly T[];
  const added = 'module' in module ? ((module[key as 'imports'] ?? []) as readonly unknown[] as readonly T[]) : [];
  return [...decorated, ...added];
}
