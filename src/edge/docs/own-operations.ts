import type { Type } from '@nestjs/common';
import type { ExtraOperation } from '../../contract/openapi/extra-operations.js';
import { ownRoutes } from '../own-routes.js';
import { describedOperation } from './documented.decorator.js';

/** The documented operations of a controller, each by the first of its paths. */
export function ownOperations(controller: Type): ExtraOperation[] {
  const first = new Map(
    ownRoutes(controller)
      .toReversed()
      .map((route) => [route.handler, route]),
  );
  return [...first.values()].toReversed().flatMap(({ verb, path, handler }) => {
    const described = describedOperation(handler);
    return described === undefined ? [] : [{ verb, path, ...described }];
  });
}
