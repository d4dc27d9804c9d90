import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { FASTIFY_ROUTE_CONFIG_METADATA } from '@nestjs/platform-fastify/constants.js';
import type { Policy } from '../domain/policy.js';

/** A hand-written route as Nest mounts it. */
export interface ControllerRoute {
  readonly verb: string;
  /** Path in Nest's syntax: `/auth/:provider/login`. */
  readonly path: string;
  readonly handler: object;
  /** Undefined on a route without a declared policy, which denies everybody. */
  readonly policy: Policy | undefined;
}

/**
 * Returns the routes of a controller, those of one handler in the order of its paths. Only reads decorators and does
 * not instantiate anything.
 */
export function controllerRoutes(controller: Type): ControllerRoute[] {
  const prefixes = pathsOf(controller);
  return methodsOf(controller.prototype as object).flatMap((value) => {
    const handler = value as object;
    const verb = typeof value === 'function' ? (Reflect.getMetadata(METHOD_METADATA, handler) as unknown) : undefined;
    if (verb === undefined) return [];
    const config = Reflect.getMetadata(FASTIFY_ROUTE_CONFIG_METADATA, handler) as { policy?: Policy } | undefined;
    const paths = prefixes.flatMap((prefix) => pathsOf(handler).map((path) => joinPath(prefix, path)));
    return paths.map((path) => ({ verb: RequestMethod[verb as RequestMethod], path, handler, policy: config?.policy }));
  });
}

/** Returns the methods of a class and of its base classes, as Nest finds them. */
function methodsOf(prototype: object): unknown[] {
  const found = new Map<string, unknown>();
  for (let at = prototype; at !== Object.prototype; at = Object.getPrototypeOf(at) as object) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (!found.has(name)) found.set(name, value);
    }
  }
  return [...found.values()];
}

function pathsOf(target: object): string[] {
  return [(Reflect.getMetadata(PATH_METADATA, target) as string | string[] | undefined) ?? ''].flat();
}

function joinPath(...parts: readonly string[]): string {
  return `/${parts
    .flatMap((part) => part.split('/'))
    .filter(Boolean)
    .join('/')}`;
}
