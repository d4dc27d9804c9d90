import type { Policy } from '../domain/policy.js';
import type { Principal } from '../domain/principal.js';
import { DECISIONS, type Decision, satisfies } from './decision.js';
import { type Grant, parseGrant } from '../domain/grant.js';

/** Bit set in words of 32 bits. */
type Bits = Uint32Array;

/** Requirements of a policy. */
interface Mask {
  readonly permissions: Bits;
  /** The same permissions with the scope `all`. */
  readonly acrossTenants: Bits;
  /** Roles of which one is enough in place of the permissions. */
  readonly roles: Bits;
  readonly asksForPermissions: boolean;
}

/**
 * Assigns a bit to every permission and role that the mounted contract can require. The grants of a caller become a bit
 * set once; a decision is an AND.
 */
export class PermissionBits {
  private readonly permissions = new Map<string, { readonly need: Grant; readonly bit: number }>();
  private readonly roles = new Map<string, number>();
  private masks: ReadonlyMap<Policy, Mask> = new Map();
  private held = new WeakMap<Principal, Bits>();

  constructor(policies: Iterable<Policy>) {
    this.replace(policies);
  }

  /** Replaces the policies by those of another contract. */
  replace(policies: Iterable<Policy>): void {
    this.permissions.clear();
    this.roles.clear();
    this.held = new WeakMap();
    const controlled = [...policies].filter(({ access }) => access === 'ACCESS_CONTROLLED');
    for (const policy of controlled) this.intern(policy);
    this.masks = new Map(controlled.map((policy) => [policy, this.maskOf(policy)]));
  }

  /** Returns the decision; undefined for a policy that is not part of the contract. */
  decide(principal: Principal, policy: Policy): Decision | undefined {
    const mask = this.masks.get(policy);
    if (mask === undefined) return undefined;
    const held = this.heldBy(principal);
    if (mask.asksForPermissions && hasAll(held, mask.permissions)) {
      return hasAll(held, mask.acrossTenants) ? DECISIONS.acrossTenants : DECISIONS.byPermission;
    }
    return hasAny(held, mask.roles) ? DECISIONS.byRole : DECISIONS.missing;
  }

  private get size(): number {
    return this.permissions.size + this.roles.size;
  }

  private intern(policy: Policy): void {
    for (const need of policy.permissions.flatMap((text) => needs(text))) {
      if (!this.permissions.has(keyOf(need))) this.permissions.set(keyOf(need), { need, bit: this.size });
    }
    for (const role of policy.roles) if (!this.roles.has(role)) this.roles.set(role, this.size);
  }

  private maskOf(policy: Policy): Mask {
    const pairs = policy.permissions.map((text) => needs(text).map((need) => this.permissions.get(keyOf(need))?.bit));
    return {
      permissions: this.bitsOf(pairs.map(([bit]) => bit)),
      acrossTenants: this.bitsOf(pairs.map(([, bit]) => bit)),
      roles: this.bitsOf(policy.roles.map((role) => this.roles.get(role))),
      asksForPermissions: pairs.length > 0,
    };
  }

  private heldBy(principal: Principal): Bits {
    let held = this.held.get(principal);
    if (held === undefined) this.held.set(principal, (held = this.read(principal)));
    return held;
  }

  private read(principal: Principal): Bits {
    const grants = (principal.permissions ?? []).map(parseGrant).filter((grant) => grant !== undefined);
    const satisfied = [...this.permissions.values()].filter(({ need }) =>
      grants.some((grant) => satisfies(grant, need)),
    );
    return this.bitsOf([...satisfied.map(({ bit }) => bit), ...principal.roles.map((role) => this.roles.get(role))]);
  }

  private bitsOf(positions: readonly (number | undefined)[]): Bits {
    const bits = new Uint32Array(Math.ceil(this.size / 32));
    for (const at of positions) if (at !== undefined) bits[at >>> 5] = (bits[at >>> 5] ?? 0) | (1 << (at & 31));
    return bits;
  }
}

/** Returns a requirement and its equivalent with the scope `all`. The contract contains only valid permissions. */
function needs(text: string): [Grant, Grant] {
  const need = parseGrant(text);
  if (need === undefined) throw new Error(`"${text}" is no permission that can be required`);
  return [need, { ...need, scope: 'all' }];
}

function keyOf({ resource, action, scope }: Grant): string {
  return `${resource}:${action}:${scope}`;
}

function hasAll(held: Bits, wanted: Bits): boolean {
  for (let word = 0; word < wanted.length; word++) {
    const bits = wanted[word] ?? 0;
    if (((held[word] ?? 0) & bits) >>> 0 !== bits) return false;
  }
  return true;
}

function hasAny(held: Bits, wanted: Bits): boolean {
  for (let word = 0; word < wanted.length; word++) if (((held[word] ?? 0) & (wanted[word] ?? 0)) !== 0) return true;
  return false;
}
