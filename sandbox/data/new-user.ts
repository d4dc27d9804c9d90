import { randomUUID } from 'node:crypto';
import type { User } from '../../src/gen/user/v1/user_pb.js';
import type { FieldViolation } from '../backend/rpc-error.js';
import type { Wire } from '../backend/wire.js';
import { hashPassword } from './password.js';
import { timestamp } from './timestamp.js';

const EMAIL = /^[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+$/;
const USERNAME = /^[a-z0-9][a-z0-9._-]{1,39}$/;
const MIN_PASSWORD = 8;

export interface NewUser {
  readonly tenantId: string;
  readonly email: string;
  readonly username: string;
  readonly displayName: string;
  readonly password?: string;
  readonly roles?: string[];
  readonly labels?: Record<string, string>;
}

/** Returns the violations of the e-mail address and the user name; `parent` is the dotted path of the message they are in. */
export function nameViolations(
  { email, username }: Pick<NewUser, 'email' | 'username'>,
  parent = '',
): FieldViolation[] {
  const violations: FieldViolation[] = [];
  if (email.length > 254 || !EMAIL.test(email)) {
    violations.push({ field: `${parent}email`, description: 'must be an e-mail address' });
  }
  if (!USERNAME.test(username)) {
    violations.push({ field: `${parent}username`, description: 'must be 2 to 40 of a-z, 0-9, ".", "_" and "-"' });
  }
  return violations;
}

/** Returns the violations of a password. */
export function passwordViolations(password: string): FieldViolation[] {
  if (password.length >= MIN_PASSWORD) return [];
  return [{ field: 'password', description: `must have at least ${MIN_PASSWORD} characters` }];
}

/** A user as it is first stored; without a password nobody can sign in as it with one. */
export function makeUser(fields: NewUser): Wire<User> {
  const id = `${fields.tenantId}-${randomUUID()}`;
  const createTime = timestamp(Date.now());
  return {
    id,
    tenantId: fields.tenantId,
    email: fields.email,
    username: fields.username,
    displayName: fields.displayName === '' ? fields.username : fields.displayName,
    status: 'USER_STATUS_ACTIVE',
    roles: fields.roles?.length ? fields.roles : ['viewer'],
    labels: fields.labels ?? {},
    createTime,
    updateTime: createTime,
    version: '1',
    passwordHash: hashPassword(fields.password ?? randomUUID(), id),
  };
}
