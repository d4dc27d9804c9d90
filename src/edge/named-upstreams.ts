import { MetadataScanner, type DiscoveryService } from '@nestjs/core';
import type { ConfigProblem } from '../config/config-error.js';
import { nearest } from '../domain/did-you-mean.js';
import { upstreamOf } from './upstream.decorator.js';

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
