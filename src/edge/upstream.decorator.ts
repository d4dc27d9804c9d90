import type { CircuitSubject } from '../traffic/breakers.js';

const UPSTREAM = Symbol('Upstream');

/**
 * Declares the upstream on which a hand-written route depends: while its circuit breaker is open, the route is refused
 * before any work is done.
 * @param kind of the calls that the route makes; reads and writes have separate circuit breakers.
 */
export function Upstream(upstream: string, kind: 'read' | 'write' = 'read'): MethodDecorator {
  const subject: CircuitSubject = { upstream, readOnly: kind === 'read' };
  return (_target, _name, descriptor) => {
    Reflect.defineMetadata(UPSTREAM, subject, descriptor.value as object);
  };
}

/** Returns the metadata that {@link Upstream} stored on a handler. */
export function upstreamOf(handler: object): CircuitSubject | undefined {
  return Reflect.getMetadata(UPSTREAM, handler) as CircuitSubject | undefined;
}
