import { EXCEPTION_FILTERS_METADATA, GUARDS_METADATA, INTERCEPTORS_METADATA } from '@nestjs/common/constants.js';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { controllersOf, providedUnder, type ModuleLike } from '../adopted-modules.js';
import { AppModule } from '../app.module.js';
import type { Route } from '../contract/route.js';
import { nameOf as enhancerName } from '../edge/pipeline/enhancers.js';
import { PRE_AUTH_CHECKS } from '../edge/pre-auth-checks.js';
import { controlledService } from '../edge/rpc-controller.js';
import { handlerSteps } from '../edge/rpc-handler.js';
import { layersOf } from '../traffic/layer-order.js';

type Fact = readonly [label: string, value: string];

/** Lists the steps of a request on a route in their order, and the filters that handle errors. */
export function pipelineFacts(route: Route, modules: readonly ModuleLike[]): Fact[] {
  const named = (token: string, key: string): string =>
    [...providedUnder(token, [AppModule, ...modules]), ...decorated(key, route, modules)].map(nameOf).join(', ');
  return [
    ['first', `${PRE_AUTH_CHECKS.map(({ name }) => name).join(', ')}, then the body is read`],
    ['guards', named(APP_GUARD, GUARDS_METADATA)],
    ['interceptors', named(APP_INTERCEPTOR, INTERCEPTORS_METADATA)],
    ['handler', handlerSteps(route).join(', ')],
    ['call', `${layersOf(route.method).join(', ')}, each around the next`],
    ['filters', `${named(APP_FILTER, EXCEPTION_FILTERS_METADATA)} (the last that takes the error)`],
  ];
}

/** Returns the names of guards, interceptors and filters on the controller of a service and on its method for the RPC. */
function decorated(key: string, route: Route, modules: readonly ModuleLike[]): readonly unknown[] {
  const controller = controllersOf(modules).find(
    (each) => controlledService(each)?.service.typeName === route.method.service,
  );
  const controlled = controller && controlledService(controller);
  if (controller === undefined || controlled === undefined) return [];
  const override = controlled.overrides.get(route.method.name);
  return [controller, override].flatMap((target) =>
    target === undefined ? [] : ((Reflect.getMetadata(key, target) as unknown[] | undefined) ?? []),
  );
}

/** Returns the name of a class, or of the class of an object. The product of a factory is known only at boot. */
function nameOf(enhancer: unknown): string {
  if (typeof enhancer !== 'function') return enhancerName(enhancer as object);
  return enhancer.prototype === undefined || enhancer.name === 'useFactory'
    ? 'one created by a factory'
    : enhancer.name;
}
