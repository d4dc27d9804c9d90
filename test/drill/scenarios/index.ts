import { AUTH_DOWN } from './auth-down.js';
import { HEALTHY } from './healthy.js';
import { REDIS_DOWN } from './redis-down.js';
import type { Scenario } from './scenario.js';
import { USER_DOWN } from './user-down.js';

export const SCENARIOS: readonly Scenario[] = [HEALTHY, AUTH_DOWN, USER_DOWN, REDIS_DOWN];

/** Throws for a name that no scenario has, with those that there are. */
export function findScenario(name: string): Scenario {
  const scenario = SCENARIOS.find((each) => each.name === name);
  if (scenario === undefined) {
    throw new Error(`${name} is not a scenario; known: ${SCENARIOS.map((each) => each.name).join(', ')}`);
  }
  return scenario;
}
