import type { Route } from '../route.js';
import type { ExtraOperation } from './extra-operations.js';

/** Tag of the operations that the gateway serves itself. */
export const OWN_TAG = 'Gateway';

const DOCUMENTED = Symbol('Documented');

/** Description of a hand-written route; its verb and path are those of the route itself. */
export type OwnOperation = Pick<ExtraOperation, 'operation' | 'problems'>;

/** Describes a route that is composed of other routes of the document. */
export type DescribeOperation = (routes: readonly Route[]) => OwnOperation;

/** Adds a hand-written route to the OpenAPI document. Of a route with several paths, the first one is described. */
export function Documented(described: OwnOperation | DescribeOperation): MethodDecorator {
  return (_target, _name, descriptor) => {
    Reflect.defineMetadata(DOCUMENTED, described, descriptor.value as object);
  };
}

/** Returns the description that {@link Documented} stored on a handler. */
export function describedOperation(handler: object, routes: readonly Route[]): OwnOperation | undefined {
  const described = Reflect.getMetadata(DOCUMENTED, handler) as OwnOperation | DescribeOperation | undefined;
  return typeof described === 'function' ? described(routes) : described;
}
