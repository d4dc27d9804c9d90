import { ADMIN_RESTARTING } from './admin-restarting.js';
import { AI_ERRORS } from './ai-errors.js';
import { AUTH_DOWN } from './auth-down.js';
import { AUTH_FAILING } from './auth-failing.js';
import { AUTH_SLOW } from './auth-slow.js';
import { CERTIFICATE_EXPIRING } from './certificate-expiring.js';
import { CLOCK_SKEWED } from './clock-skewed.js';
import { CONTRACT_DRIFT } from './contract-drift.js';
import { EVENT_LOOP_BLOCKED } from './event-loop-blocked.js';
import { FLOOD } from './flood.js';
import { GARBAGE } from './garbage.js';
import { GATEWAY_DOWN } from './gateway-down.js';
import { GUARDRAIL_FAILING } from './guardrail-failing.js';
import { HEALTHY } from './healthy.js';
import { HEAP_FILLING } from './heap-filling.js';
import { JOURNAL_FAILING } from './journal-failing.js';
import { JWKS_DOWN } from './jwks-down.js';
import { MANY_TENANTS } from './many-tenants.js';
import { MANY_CONNECTIONS } from './many-connections.js';
import { REDIS_DOWN } from './redis-down.js';
import { RELOAD_FAILING } from './reload-failing.js';
import type { Scenario } from './scenario.js';
import { SSO_FAILING } from './sso-failing.js';
import { STUCK_DRAIN } from './stuck-drain.js';
import { TENANT_DOWN } from './tenant-down.js';
import { TENANT_DOWN_JOURNAL } from './tenant-down-journal.js';
import { TENANT_REJECTS_USAGE } from './tenant-rejects-usage.js';
import { TENANT_FLOOD } from './tenant-flood.js';
import { TRACES_LOST } from './traces-lost.js';
import { UPSTREAM_SLOW } from './upstream-slow.js';
import { USER_DOWN } from './user-down.js';
import { USER_ERRORS } from './user-errors.js';

export const SCENARIOS: readonly Scenario[] = [
  HEALTHY,
  AUTH_DOWN,
  AUTH_SLOW,
  AUTH_FAILING,
  USER_DOWN,
  USER_ERRORS,
  UPSTREAM_SLOW,
  TENANT_DOWN,
  TENANT_DOWN_JOURNAL,
  TENANT_REJECTS_USAGE,
  AI_ERRORS,
  GUARDRAIL_FAILING,
  CONTRACT_DRIFT,
  REDIS_DOWN,
  JOURNAL_FAILING,
  TRACES_LOST,
  JWKS_DOWN,
  CLOCK_SKEWED,
  CERTIFICATE_EXPIRING,
  SSO_FAILING,
  FLOOD,
  TENANT_FLOOD,
  MANY_TENANTS,
  MANY_CONNECTIONS,
  EVENT_LOOP_BLOCKED,
  GARBAGE,
  HEAP_FILLING,
  RELOAD_FAILING,
  ADMIN_RESTARTING,
  STUCK_DRAIN,
  GATEWAY_DOWN,
];

/** Throws for a name that no scenario has, with those that there are. */
export function findScenario(name: string): Scenario {
  const scenario = SCENARIOS.find((each) => each.name === name);
  if (scenario === undefined) {
    throw new Error(`${name} is not a scenario; known: ${SCENARIOS.map((each) => each.name).join(', ')}`);
  }
  return scenario;
}
