import type { ExtraOperation } from '../../contract/openapi/extra-operations.js';

const DOCUMENTED = Symbol('Documented');

/** What the OpenAPI document says of a hand-written route; its verb and path are those of the route itself. */
export type OwnOperation = Pick<ExtraOperation, 'operation' | 'problems'>;

/** Puts a hand-written route into the OpenAPI document. Of a route with several paths, the first is the one that is named. */
export function Documented(described: OwnOperation): MethodDecorator {
  return (_target, _name, descriptor) => {
    Reflect.defineMetadata(DOCUMENTED, described, descriptor.value as object);
  };
}

/** What {@link Documented} noted of a handler. */
export function describedOperation(handler: object): OwnOperation | undefined {
  return Reflect.getMetadata(DOCUMENTED, handler) as OwnOperation | undefined;
}
