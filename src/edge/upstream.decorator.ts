import { type DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { ConfigProblem } from '../config/config-error.js';
import { nearest } from '../domain/did-you-mean.js';
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

/**
 * Returns a problem for each route whose `@Upstream` names no upstream of the settings: its circuit breaker would never
 * open, and the route would not be protected.
 */
export function unknownUpstreams(discovery: DiscoveryService, known: ReadonlyMap<string, unknown>): ConfigProblem[] {
  return discovery.getControllers().flatMap(({ metatype }) => {
    const prototype = metatype?.prototype as Readonly<Record<string, object>> | undefined;
    if (metatype === null || prototype === undefined) return [];
    return new MetadataScanner().getAllMethodNames(prototype).flatMap((name) => {
      const { upstream } = upstreamOf(prototype[name] as object) ?? {};
      if (upstream === undefined || known.has(upstream)) return [];
      const likely = nearest(upstream, known.keys());
      return {
        name: 'GATEWAY_MODULES',
        reason: `@Upstream('${upstream}') of ${metatype.name}.${name} names no upstream`,
        hint: `name one with a <NAME>_SERVICE_URL: ${likely === undefined ? [...known.keys()].join(', ') : `perhaps ${likely}`}`,
      };
    });
  });
}
