const PERMISSIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ['super_admin', ['*']],
  ['admin', ['user.*', 'tenant.*', 'ai.use']],
  ['editor', ['user.read', 'user.write', 'tenant.read', 'ai.use']],
  ['viewer', ['user.read', 'tenant.read', 'ai.use']],
]);

/** Names of the roles that there are. */
export const ROLES: readonly string[] = [...PERMISSIONS.keys()];

/** Returns the permissions of these roles. An unknown role has none. */
export function permissionsOf(roles: readonly string[]): string[] {
  return [...new Set(roles.flatMap((role) => PERMISSIONS.get(role) ?? []))];
}

/** Returns true if one of the held permissions (`user.read`, `user.*`, `*`) covers the wanted one. */
export function covers(held: readonly string[], wanted: string): boolean {
  return held.some(
    (one) => one === '*' || one === wanted || (one.endsWith('.*') && wanted.startsWith(one.slice(0, -1))),
  );
}
