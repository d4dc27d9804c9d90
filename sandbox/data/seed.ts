import type { Tenant, TenantConfig } from '../../src/gen/tenant/v1/tenant_pb.js';
import type { User } from '../../src/gen/user/v1/user_pb.js';
import type { Wire } from '../backend/wire.js';
import { Directory } from './directory.js';
import { hashPassword } from './password.js';
import { timestamp } from './timestamp.js';

/** Password of every seeded user. */
export const PASSWORD = 'sandbox';

/** The users to sign in as. */
export const PEOPLE = [
  { name: 'Alice Archer', email: 'alice@acme.test', tenantId: 'acme', role: 'admin' },
  { name: 'Bob Baker', email: 'bob@acme.test', tenantId: 'acme', role: 'viewer' },
  { name: 'Carol Cruz', email: 'carol@globex.test', tenantId: 'globex', role: 'admin' },
  { name: 'Root', email: 'root@platform.test', tenantId: 'platform', role: 'super_admin' },
] as const;

const FIRST_NAMES = ['Ada', 'Ben', 'Chloe', 'Dev', 'Elena', 'Femi', 'Grace', 'Hugo', 'Ines', 'Jun'];
const LAST_NAMES = ['Adler', 'Bianchi', 'Costa', 'Dubois', 'Evans', 'Fischer', 'Garcia'];
const TEAMS = ['platform', 'sales', 'support', 'design'];
const EPOCH = Date.UTC(2026, 0, 5, 9);
const HOUR = 3_600_000;

/** A directory with the tenants acme (60 users), globex (25) and platform (1): the same ones at each start. */
export function seedDirectory(): Directory {
  const directory = new Directory();
  addTenant(directory, { id: 'acme', name: 'Acme Corporation', plan: 'pro' });
  addTenant(directory, { id: 'globex', name: 'Globex', plan: 'free' });
  addTenant(directory, { id: 'platform', name: 'Platform operators', plan: 'internal' });
  for (const person of PEOPLE) directory.addUser(seedUser(person));
  addCrowd(directory, 'acme', 58);
  addCrowd(directory, 'globex', 24);
  return directory;
}

/** The settings a tenant starts with. */
export function defaultConfig(tenantId: string): Wire<TenantConfig> {
  return {
    tenantId,
    allowedLoginIdentifiers: ['email', 'username'],
    requireMfa: false,
    allowRegistration: false,
    logoUrl: '',
    sessionIdleTimeout: null,
    settings: {},
  };
}

function addTenant(directory: Directory, { id, name, plan }: Pick<Wire<Tenant>, 'id' | 'name' | 'plan'>): void {
  const createTime = timestamp(EPOCH);
  const tenant = { id, name, plan, domain: `${id}.test`, suspended: false, createTime, updateTime: createTime };
  directory.addTenant(tenant, { ...defaultConfig(id), allowRegistration: id === 'acme' });
}

function addCrowd(directory: Directory, tenantId: string, count: number): void {
  const names = LAST_NAMES.flatMap((last) => FIRST_NAMES.map((first) => `${first} ${last}`));
  for (const [index, name] of names.slice(0, count).entries()) {
    const email = `${name.replace(' ', '.')}@${tenantId}.test`.toLowerCase();
    const role = index % 7 === 0 ? 'editor' : 'viewer';
    directory.addUser({
      ...seedUser({ name, email, tenantId, role }, index + 1),
      status: crowdStatus(index),
      labels: { team: TEAMS[index % TEAMS.length] ?? '' },
    });
  }
}

function crowdStatus(index: number): string {
  if (index % 11 === 10) return 'USER_STATUS_SUSPENDED';
  return index % 13 === 12 ? 'USER_STATUS_INVITED' : 'USER_STATUS_ACTIVE';
}

interface Person {
  readonly name: string;
  readonly email: string;
  readonly tenantId: string;
  readonly role: string;
}

function seedUser({ name, email, tenantId, role }: Person, hours = 0): Wire<User> {
  const username = email.slice(0, email.indexOf('@'));
  const id = `${tenantId}-${username}`;
  const createTime = timestamp(EPOCH + hours * HOUR);
  return {
    id,
    tenantId,
    email,
    username,
    displayName: name,
    status: 'USER_STATUS_ACTIVE',
    roles: [role],
    labels: {},
    createTime,
    updateTime: createTime,
    version: '1',
    passwordHash: hashPassword(PASSWORD, id),
  };
}
