import { describe, expect, it } from 'vitest';
import type { CompiledRoute } from '../contract/compiled-route.js';
import { Contract, type ContractVersion } from '../contract/contract.js';
import { RouteMatcher } from '../contract/matcher.js';
import { policyOf } from '../domain/policy.js';
import { PassedHeaderCheck } from './passed-header-check.js';

/** A contract whose one route lets headers through. */
function letting(responseHeaders: readonly string[] | undefined): ContractVersion {
  const route = { method: { policy: policyOf('AUTHENTICATED', { responseHeaders }) } };
  const routes = [{ route } as unknown as CompiledRoute];
  return { routes, matcher: new RouteMatcher([]), byRoute: new Map() } as unknown as ContractVersion;
}

describe('a later contract', () => {
  it.each([[undefined], [['link']], [['link', 'location']]])('may let through what connections read: %j', (names) => {
    const contract = new Contract(letting(['link', 'location']));
    new PassedHeaderCheck(contract, ['link', 'location']);
    expect(() => contract.prepare(letting(names))()).not.toThrow();
  });

  it('is refused for another header, which only a start can arrange', () => {
    const contract = new Contract(letting(undefined));
    new PassedHeaderCheck(contract, []);
    expect(() => contract.prepare(letting(['location']))).toThrow(/response header location .*restart/s);
  });
});
