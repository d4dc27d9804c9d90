import type { Policy } from '../domain/policy.js';
import type { Principal } from '../domain/principal.js';
import { heldScope } from './permissions.js';

/** Describes what an endpoint requires and what the caller lacks, for administrators who grant permissions. */
export function describeMissing({ permissions: granted = [] }: Principal, { permissions, roles }: Policy): string {
  const sentences: string[] = [];
  if (permissions.length > 0) {
    const missing = permissions.filter((required) => heldScope(granted, required) === undefined);
    sentences.push(`Required: ${permissions.join(', ')}. Missing: ${missing.join(', ')}.`);
  }
  if (roles.length > 0)
    sentences.push(`${sentences.length > 0 ? 'Or one of the' : 'One of the'} roles: ${roles.join(', ')}.`);
  return sentences.join(' ');
}
