import type { DescService } from '@bufbuild/protobuf';
import { Controller, Inject, Req, RequestMapping, RequestMethod, Res } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { toNestPaths } from '../contract/nest-path.js';
import type { Route } from '../contract/route.js';
import { readService } from '../contract/route-table.js';
import type { RpcOverride } from './rpc-call.js';
import { RpcHandler } from './rpc-handler.js';

const CONTROLLED = Symbol('RpcController');
const HANDLER = Symbol('RpcHandler');

/** What {@link RpcController} noted of a class. */
export interface ControlledService {
  readonly service: DescService;
  /** By RPC name. */
  readonly overrides: ReadonlyMap<string, RpcOverride>;
  /** Names of the methods that stand for its routes. */
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

/** The service of a class made by {@link RpcController}; undefined for any other. */
export function controlledService(controller: object): ControlledService | undefined {
  return Reflect.getMetadata(CONTROLLED, controller) as ControlledService | undefined;
}

function takeOverrides(prototype: Record<string, unknown>, service: DescService): Map<string, RpcOverride> {
  const names = service.methods.map(({ name }) => name).filter((name) => Object.hasOwn(prototype, name));
  const overrides = new Map(names.map((name) => [name, prototype[name] as RpcOverride]));
  for (const name of names) delete prototype[name];
  return overrides;
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

/** Guards, interceptors and filters that were set on an explicit method hold for all routes of its RPC. */
function copyMetadata(from: object, to: object): void {
  for (const key of Reflect.getMetadataKeys(from) as unknown[]) {
    Reflect.defineMetadata(key, Reflect.getMetadata(key, from), to);
  }
}

/** Has Nest mount a method; the verbs that Nest does not know (PURGE, REPORT) are dispatched by the matcher. */
function mapPath(prototype: Record<string, unknown>, name: string, route: Route, path: string): void {
  const { verb } = route;
  if (!Object.hasOwn(RequestMethod, verb)) return;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name)!;
  Req()(prototype, name, 0);
  Res()(prototype, name, 1);
  RouteConfig({ rpcRoute: route })(prototype, name, descriptor);
  RequestMapping({ path, method: RequestMethod[verb as keyof typeof RequestMethod] })(prototype, name, descriptor);
}

/** `UpdateUser`, and `UpdateUser_2` for its second binding. */
function uniqueName(prototype: Record<string, unknown>, name: string): string {
  let unique = name;
  for (let n = 2; Object.hasOwn(prototype, unique); n++) unique = `${name}_${n}`;
  return unique;
}
