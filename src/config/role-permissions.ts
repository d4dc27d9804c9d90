import { readFileSync, statSync } from 'node:fs';
import { nearest } from '../domain/did-you-mean.js';
import { parseGrant } from '../domain/grant.js';
import { describeLocated, type Located, LocatedError, type LocatedMember, readYaml } from '../domain/located-yaml.js';
import { type Kind, Refusal } from './setting.js';

/** Permissions by the name of a role or scope. */
export type PermissionMap = readonly (readonly [name: string, permissions: readonly string[]])[];

/** Permissions of the roles and scopes of a token. */
export interface RolePermissions {
  readonly roles: PermissionMap;
  readonly scopes: PermissionMap;
}

const SECTIONS = ['roles', 'scopes'] as const;
const MAX_BYTES = 1024 * 1024;
const MAX_PERMISSIONS = 500;
const HINT = 'write roles: or scopes:, then name: [resource.action, …] for each';

/** Parses a YAML or JSON file that maps roles and scopes to permissions. The file is read with the settings. */
export const rolePermissions: Kind<RolePermissions> = {
  form: 'file',
  parse(path) {
    try {
      return readRolePermissions(readBounded(path));
    } catch (error) {
      if (error instanceof LocatedError) throw new Refusal(`${path}:${error.line}: ${error.message}`, HINT);
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      throw new Refusal(
        `the file ${path} cannot be read (${code})`,
        `check the path; it is taken from ${process.cwd()}`,
      );
    }
  },
};

/** Parses the content of the file. Throws LocatedError. */
export function readRolePermissions(text: string): RolePermissions {
  const members = membersOf(readYaml(text), 'the file');
  for (const { name, line } of members) {
    if ((SECTIONS as readonly string[]).includes(name)) continue;
    const meant = nearest(name, SECTIONS);
    throw new LocatedError(line, `"${name}" is neither roles nor scopes${meant ? `: did you mean ${meant}?` : ''}`);
  }
  const [roles = [], scopes = []] = SECTIONS.map((section) => {
    const found = members.find(({ name }) => name === section);
    return found === undefined ? [] : membersOf(found.value, section).map(readEntry);
  });
  return { roles, scopes };
}

function readEntry({ name, line, value }: LocatedMember): readonly [string, readonly string[]] {
  if (value.kind !== 'list') {
    throw new LocatedError(line, `"${name}" is ${describeLocated(value)}, not a list of permissions`);
  }
  if (value.items.length > MAX_PERMISSIONS) {
    throw new LocatedError(line, `"${name}" has ${value.items.length} permissions, more than ${MAX_PERMISSIONS}`);
  }
  return [name, value.items.map(readPermission)];
}

/** Parses a permission. An invalid one is rejected, since it would silently grant nothing. */
function readPermission(item: Located): string {
  const grammar = 'write resource.action, resource:action:scope, resource.* or *';
  if (item.kind === 'scalar' && typeof item.value === 'string' && parseGrant(item.value) !== undefined) {
    return item.value;
  }
  throw new LocatedError(item.line, `${describeLocated(item)} is not a permission: ${grammar}`);
}

function membersOf(value: Located, what: string): readonly LocatedMember[] {
  if (value.kind === 'map') return value.members;
  throw new LocatedError(value.line, `${what} is ${describeLocated(value)}, not a map`);
}

function readBounded(path: string): string {
  if (statSync(path).size > MAX_BYTES) throw new LocatedError(1, `is larger than ${MAX_BYTES} bytes`);
  return readFileSync(path, 'utf8');
}
