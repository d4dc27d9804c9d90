/**
 * Scenarios that `npm test` drills: a page of each team, an outage that many rules see, and faults that no request
 * shows. `npm run drill` runs all.
 */
export const SUBSET = ['auth-down', 'redis-down', 'user-down', 'gateway-down', 'tenant-rejects-usage'] as const;
