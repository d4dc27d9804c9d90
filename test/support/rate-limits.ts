import { type BareItem, parseList } from 'structured-headers';
import { expect } from 'vitest';
import type { LogLine, TestGateway } from './gateway.js';

/** Rate limit headers of a response. */
export interface RateLimitFields {
  /** By the name of the policy: quota and window in seconds. */
  readonly policies: Readonly<Record<string, { readonly q: number; readonly w: number }>>;
  /** By the name of the policy: tokens left, and seconds until the quota is whole. */
  readonly states: Readonly<Record<string, { readonly r: number; readonly t: number }>>;
  readonly scope: string | null;
}

/** Reads the fields as draft-ietf-httpapi-ratelimit-headers-11 defines them, and asserts that they are well-formed and belong together. */
export function readRateLimit({ headers }: Response): RateLimitFields {
  const policies = readItems(headers.get('ratelimit-policy') ?? '', ['q', 'w']);
  const states = readItems(headers.get('ratelimit') ?? '', ['r', 't']);
  expect(Object.keys(states)).toEqual(Object.keys(policies));
  for (const [name, { w = 0 }] of Object.entries(policies)) {
    expect(w).toBeGreaterThan(0);
    expect(states[name]?.['r']).toBeLessThanOrEqual(policies[name]?.['q'] ?? 0);
  }
  return { policies, states, scope: headers.get('x-ratelimit-scope') } as RateLimitFields;
}

/** Names are Strings, not Tokens; parameters are Integers, none missing and none more. */
function readItems(field: string, parameters: readonly string[]): Record<string, Record<string, BareItem>> {
  const items = parseList(field).map(([name, given]): [string, Record<string, BareItem>] => {
    expect(name).toBeTypeOf('string');
    expect([...given.keys()]).toEqual(parameters);
    for (const value of given.values()) expect(Number.isInteger(value) && Number(value) >= 0).toBe(true);
    return [name as string, Object.fromEntries(given)];
  });
  expect(items.length).toBeGreaterThan(0);
  return Object.fromEntries(items);
}

/** Returns the number of responses by status. */
export function countStatuses(responses: readonly Response[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of responses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Requests one after the other. */
export async function repeat(times: number, send: () => Promise<Response>): Promise<Response[]> {
  const responses: Response[] = [];
  for (let n = 0; n < times; n++) responses.push(await send());
  return responses;
}

/** Requests until one is denied, and that one. */
export async function untilDenied(send: () => Promise<Response>): Promise<Response> {
  for (let n = 0; n < 200; n++) {
    const response = await send();
    if (response.status === 429) return response;
  }
  throw new Error('200 requests were let in');
}

/** Returns how many of the requests were admitted, and how many of these only by tokens that were added meanwhile, one per second. */
export async function flood(times: number, send: () => Promise<Response>) {
  const begun = performance.now();
  const responses = await repeat(times, send);
  const passed = responses.filter(({ status }) => status !== 429).length;
  return { passed, meanwhile: Math.ceil((performance.now() - begun) / 1000), responses };
}

/** The log line of the latest request that was denied. */
export function lastDenial({ lines }: TestGateway): LogLine | undefined {
  return lines.findLast(({ status }) => status === 429);
}
