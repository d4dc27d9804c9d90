import type { Type } from '@nestjs/common';
import type { ExtraOperation } from '../../contract/openapi/extra-operations.js';
import type { Route } from '../../contract/route.js';
import { controllerRoutes } from '../controller-routes.js';
import { describedOperation } from '../../contract/openapi/documented.decorator.js';

/**
 * Returns the documented operations of a controller, each under the first of its paths.
 * @param routes those of the contracts.
 */
export function ownOperations(controller: Type, routes: readonly Route[]): ExtraOperation[] {
  const first = new Map(
    controllerRoutes(controller)
      .toReversed()
      .map((route) => [route.handler, route]),
  );
  return [...first.values()].toReversed().flatMap(({ verb, path, handler, policy }) => {
    const described = describedOperation(handler, routes);
    const template = path.replaceAll(/:(\w+)/g, '{$1}');
    return described === undefined ? [] : [{ verb, path: template, access: policy?.access, ...described }];
  });
}
