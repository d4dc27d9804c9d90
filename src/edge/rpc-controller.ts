import type { DescService } from '@bufbuild/protobuf';
import { Controller, HttpCode, Inject, Req, RequestMapping, RequestMethod, Res } from '@nestjs/common';
import {
  EXCEPTION_FILTERS_METADATA,
  GUARDS_METADATA,
  INTERCEPTORS_METADATA,
  METHOD_METADATA,
} from '@nestjs/common/constants.js';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { toNestPaths } from '../contract/nest-path.js';
import type { Route } from '../contract/route.js';
import { readService } from '../contract/route-table.js';
import type { RpcOverride } from './rpc-call.js';
import { RpcHandler } from './rpc-handler.js';

const CONTROLLED = Symbol('RpcController');
const HANDLER = Symbol('RpcHandler');
const ENHANCERS = [GUARDS_METADATA, INTERCEPTORS_METADATA, EXCEPTION_FILTERS_METADATA];

/** Metadata that {@link RpcController} stores on a class. */
export interface ControlledService {
  readonly service: DescService;
  /** Explicit methods by RPC name. */
  readonly overrides: ReadonlyMap<string, RpcOverride>;
  /** Names of the handler methods by route. */
  readonly handlers: ReadonlyMap<Route, string>;
}

interface RpcControllerInstance {
  [HANDLER]: RpcHandler;
}

/**
 * Makes a class the controller of a gRPC service: one handler for each REST binding of each exposed RPC, with Nest's own
 * route decorators on it. A method of the RPC's name, typed {@link RpcOverride}, takes the place of the generated call.
 */
export function RpcController(service: DescService): ClassDecorator {
  return (target) => {
    const prototype = target.prototype as Record<string, unknown>;
    const overrides = takeOverrides(prototype, service);
    const { routes } = readService(service);
    const handlers = new Map(routes.map((route) => [route, addHandler(prototype, route, overrides)]));
    const controlled: ControlledService = { service, overrides, handlers };
    Reflect.defineMetadata(CONTROLLED, controlled, target);
    Inject(RpcHandler)(prototype, HANDLER);
    for (const [route, path] of toNestPaths(routes)) mapPath(prototype, handlers.get(route)!, route, path);
    Controller()(target);
  };
}

/**
 * Returns what is wrong with an instance of a controller: explicit methods, with their guards, that would never be
 * called. Returns undefined when nothing is.
 */
export function controllerFault(instance: object, { service }: ControlledService): string | undefined {
  const { constructor } = instance;
  const names = service.methods.map(({ name }) => name);
  const field = names.find((name) => Object.hasOwn(instance, name));
  if (field !== undefined) return `${constructor.name}.${field} is a property: make it a method`;
  if (Reflect.hasOwnMetadata(CONTROLLED, constructor)) return undefined;
  return `${constructor.name} extends a controller of ${service.typeName}: give it @RpcController(${service.name}) too`;
}

/** Returns the service of a class made by {@link RpcController}; undefined for any other. */
export function controlledService(controller: object): ControlledService | undefined {
  return Reflect.getMetadata(CONTROLLED, controller) as ControlledService | undefined;
}

/** Removes the explicit methods from a class and its base classes, and returns them. */
function takeOverrides(prototype: Record<string, unknown>, service: DescService): Map<string, RpcOverride> {
  const names = service.methods.map(({ name }) => name);
  refuseStrayDecorators(prototype, service);
  const overrides = new Map(
    names.flatMap((name) => {
      const override = findOverride(prototype, name);
      return override === undefined ? [] : [[name, override] as const];
    }),
  );
  for (const name of names) if (Object.hasOwn(prototype, name)) delete prototype[name];
  return overrides;
}

/**
 * Finds an explicit method along the prototype chain; for a class made by {@link RpcController}, the one that was
 * recorded.
 */
function findOverride(prototype: object | null, name: string): RpcOverride | undefined {
  if (prototype === null || prototype === Object.prototype) return undefined;
  const given = Reflect.getOwnMetadata(CONTROLLED, prototype.constructor) as ControlledService | undefined;
  if (given !== undefined) return given.overrides.get(name);
  if (!Object.hasOwn(prototype, name)) return findOverride(Object.getPrototypeOf(prototype) as object | null, name);
  return (prototype as Record<string, RpcOverride>)[name];
}

/**
 * Throws TypeError for guards, interceptors or filters on a method that is never called, such as `getUser` for
 * `GetUser`.
 */
function refuseStrayDecorators(prototype: Record<string, unknown>, { methods, typeName }: DescService): void {
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (typeof value !== 'function' || name === 'constructor' || methods.some((method) => method.name === name))
      continue;
    const has = (key: string): boolean => Reflect.hasOwnMetadata(key, value as object);
    if (has(METHOD_METADATA) || !ENHANCERS.some(has)) continue;
    const meant = methods.find(({ localName }) => localName === name)?.name;
    const hint = meant === undefined ? '' : `: is ${meant} meant?`;
    throw new TypeError(
      `${prototype.constructor.name}.${name} has guards, interceptors or filters and is not an RPC of ${typeName}${hint}`,
    );
  }
}

/** Adds a method for a route, with the decorators of the explicit method of its RPC, and returns its name. */
function addHandler(
  prototype: Record<string, unknown>,
  route: Route,
  overrides: ReadonlyMap<string, RpcOverride>,
): string {
  const name = uniqueName(prototype, route.method.name);
  const value = function (this: RpcControllerInstance, request: FastifyRequest, reply: FastifyReply) {
    return this[HANDLER].handle(request, reply);
  };
  Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  const override = overrides.get(route.method.name);
  if (override !== undefined) copyMetadata(override, value);
  return name;
}

/** Copies guards, interceptors and filters of an explicit method to all routes of its RPC. */
function copyMetadata(from: object, to: object): void {
  for (const key of Reflect.getMetadataKeys(from) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, from), to);
  }
}

/** Makes Nest mount a method; the matcher dispatches methods that Nest does not know (PURGE, REPORT). */
function mapPath(prototype: Record<string, unknown>, name: string, route: Route, path: string): void {
  const { verb } = route;
  if (!Object.hasOwn(RequestMethod, verb)) return;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name)!;
  Req()(prototype, name, 0);
  Res({ passthrough: true })(prototype, name, 1);
  HttpCode(route.method.policy.successStatus)(prototype, name, descriptor);
  RouteConfig({ rpcRoute: route })(prototype, name, descriptor);
  RequestMapping({ path, method: RequestMethod[verb as keyof typeof RequestMethod] })(prototype, name, descriptor);
}

/** Returns `UpdateUser`, and `UpdateUser_2` for its second binding. */
function uniqueName(prototype: Record<string, unknown>, name: string): string {
  let unique = name;
  for (let n = 2; Object.hasOwn(prototype, unique); n++) unique = `${name}_${n}`;
  return unique;
}
