import { makeUser } from '../../sandbox/data/new-user.js';
import { defaultConfig } from '../../sandbox/data/seed.js';
import type { Directory } from '../../sandbox/data/directory.js';

/** Adds tenants, each with one administrator, and gives the ids of these in the same order. */
export function addTenants(directory: Directory, ids: readonly string[]): string[] {
  return ids.map((id) => {
    const tenant = {
      id,
      name: id,
      domain: `${id}.test`,
      plan: 'free',
      suspended: false,
      createTime: null,
      updateTime: null,
    };
    directory.addTenant(tenant, defaultConfig(id));
    const email = `admin@${id}.test`;
    return directory.addUser(makeUser({ tenantId: id, email, username: 'admin', displayName: id, roles: ['admin'] }))
      .id;
  });
}
