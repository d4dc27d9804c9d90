import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { principalOf } from '../../test/support/principal.js';
import { policyOf } from '../domain/policy.js';
import { DECISIONS, evaluate } from './decision.js';
import { PermissionBits } from './permission-bits.js';

const word = fc.constantFrom('user', 'tenant', 'ai', 'read', 'write', 'admin');
const wild = fc.oneof({ weight: 4, arbitrary: word }, { weight: 1, arbitrary: fc.constant('*') });
const scope = fc.constantFrom('own', 'tenant', 'all');
const required = fc.oneof(
  fc.tuple(word, word).map((parts) => parts.join('.')),
  fc.tuple(word, word, scope).map((parts) => parts.join(':')),
);
const granted = fc.oneof(
  fc.tuple(wild, wild).map((parts) => parts.join('.')),
  fc.tuple(wild, wild).map((parts) => parts.join(':')),
  fc.tuple(wild, wild, scope).map((parts) => parts.join(':')),
  fc.constantFrom('*', '', '**', 'user', 'user.', '.read', 'user:read:', 'user:read:any', 'user.read.all', ':::'),
  fc.string(),
);
const role = fc.constantFrom('admin', 'viewer', 'super_admin', '*');
const policy = fc
  .record({ permissions: fc.array(required, { maxLength: 3 }), roles: fc.array(role, { maxLength: 2 }) })
  .map((rights) => policyOf('OPEN', { access: 'ACCESS_CONTROLLED', ...rights }));
const principal = fc
  .record({ permissions: fc.array(granted, { maxLength: 6 }), roles: fc.array(role, { maxLength: 2 }) })
  .map(principalOf);

describe('the bit set of a contract', () => {
  it('decides as the grants do when they are read', () => {
    const allowed = new Set<boolean>();
    fc.assert(
      fc.property(fc.array(policy, { minLength: 1, maxLength: 40 }), principal, (policies, caller) => {
        const bits = new PermissionBits(policies);
        for (const each of policies) {
          const decision = bits.decide(caller, each);
          allowed.add(decision?.allowed ?? false);
          expect(decision).toBe(evaluate(caller, each));
        }
      }),
      { numRuns: 500 },
    );
    expect(allowed.size, 'the sample holds both outcomes').toBe(2);
  });

  it('holds more requirements than fit into one word', () => {
    const policies = Array.from({ length: 100 }, (_, n) =>
      policyOf('OPEN', { access: 'ACCESS_CONTROLLED', permissions: [`thing${n}.read`] }),
    );
    const bits = new PermissionBits(policies);
    const caller = principalOf({ permissions: ['thing31.read', 'thing64:read:all'] });
    const reached = policies.flatMap((each, n) => (bits.decide(caller, each)?.allowed === true ? [n] : []));
    expect(reached).toEqual([31, 64]);
    expect(policies.map((each) => bits.decide(caller, each)?.crossTenant).indexOf(true)).toBe(64);
  });

  it('leaves what is not of its contract to others', () => {
    const bits = new PermissionBits([
      policyOf('OPEN', { access: 'OPEN' }),
      policyOf('OPEN', { access: 'AUTHENTICATED' }),
    ]);
    expect(
      bits.decide(principalOf({ permissions: ['*'] }), policyOf('OPEN', { access: 'ACCESS_CONTROLLED' })),
    ).toBeUndefined();
  });

  it.each([
    ['own', 'user:read:own', DECISIONS.missing],
    ['tenant', 'user:read:tenant', DECISIONS.byPermission],
    ['tenant, unwritten', 'user.read', DECISIONS.byPermission],
    ['all', 'user:read:all', DECISIONS.acrossTenants],
    ['any action', 'user.*', DECISIONS.byPermission],
    ['everything', '*', DECISIONS.acrossTenants],
  ])('a grant with the scope %s against a requirement of the whole tenant', (_scope, grant, expected) => {
    const read = policyOf('OPEN', { access: 'ACCESS_CONTROLLED', permissions: ['user.read'] });
    expect(new PermissionBits([read]).decide(principalOf({ permissions: [grant] }), read)).toBe(expected);
  });
});
