import type { Scenario } from './scenario.js';
import { aborts } from './scenarios/aborts.js';
import { aiHangs } from './scenarios/ai-hangs.js';
import { backendRestart } from './scenarios/backend-restart.js';
import { connectionAge } from './scenarios/connection-age.js';
import { cpuLimit } from './scenarios/cpu-limit.js';
import { dnsFailures } from './scenarios/dns-failures.js';
import { flapping } from './scenarios/flapping.js';
import { footprint } from './scenarios/footprint.js';
import { idleConnections } from './scenarios/idle-connections.js';
import { idleTls } from './scenarios/idle-tls.js';
import { manyTenants } from './scenarios/many-tenants.js';
import { memory } from './scenarios/memory.js';
import { outboxOutage } from './scenarios/outbox-outage.js';
import { overload } from './scenarios/overload.js';
import { oversizedAuthorization } from './scenarios/oversized-authorization.js';
import { rateLimitCluster } from './scenarios/rate-limit-cluster.js';
import { scrapes } from './scenarios/scrapes.js';
import { slowReaders } from './scenarios/slow-readers.js';
import { smallMemory } from './scenarios/small-memory.js';
import { unknownKidFlood } from './scenarios/unknown-kid-flood.js';

/** All scenarios, in the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [
  oversizedAuthorization,
  unknownKidFlood,
  slowReaders,
  aborts,
  aiHangs,
  rateLimitCluster,
  backendRestart,
  connectionAge,
  flapping,
  outboxOutage,
  overload,
  idleConnections,
  idleTls,
  scrapes,
  smallMemory,
  cpuLimit,
  dnsFailures,
  memory,
  footprint,
  manyTenants,
];
