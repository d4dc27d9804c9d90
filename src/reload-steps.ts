import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DiscoveryService } from '@nestjs/core';
import { TOKEN_KEYS_RELOAD, type TokenKeysReload } from './access/jwt/jwt.module.js';
import { ConfigError } from './config/config-error.js';
import { configHash } from './config/config-hash.js';
import { parseEnvironment } from './config/environment.js';
import type { GatewayConfig } from './config/gateway-config.js';
import type { LiveConfig } from './config/live-config.js';
import { compareEnvironments, type EnvironmentChange } from './config/reloadable.js';
import type { Environment } from './config/variables.js';
import { compileContract, Contract } from './contract/contract.js';
import type { CompiledRoute } from './contract/compiled-route.js';
import { upstreamOfService } from './contract/upstream-of-service.js';
import type { Descriptors } from './contract/descriptors.js';
import { Cors } from './edge/cors.js';
import { mountedServices } from './edge/mounted-services.js';
import { AccessLog } from './observe/access-log.js';
import type { Observation } from './observe/observe.module.js';
import { ContractDrift } from './ops/contract-drift.js';
import type { ReloadReport, ReloadSteps } from './ops/reload/reloader.js';
import { refusedElsewhere } from './ops/workers/reload-round.js';
import type { Siblings } from './ops/workers/siblings.js';
import { reasonsOf } from './start-refusal.js';
import { Admission } from './traffic/admission/admission.js';
import { TenantEntitlements } from './traffic/entitlements.js';
import { RateLimiter } from './traffic/limits/rate-limiter.js';
import { CallStack } from './traffic/stack.js';

/** Where settings come from, beside what a caller gave as an object. */
export interface SettingsSource {
  /** What the settings were read from. */
  readonly initial: Environment;
  /** Reads it anew. Throws ConfigError for files that cannot be read. */
  readonly read: () => Environment;
}

/** A running gateway, as far as a reload changes it. */
export interface Reloadable {
  readonly app: NestFastifyApplication;
  readonly live: LiveConfig;
  readonly observation: Observation;
  /** Undefined: settings stay as they are, and contracts and keys alone are read anew. */
  readonly source: SettingsSource | undefined;
  /** The other workers, which put the same in force or nothing; undefined where there are none. */
  readonly siblings?: Pick<Siblings, 'agree'> | undefined;
  /** Reads and checks contracts as a start does. Throws what a start would be refused with. */
  readonly loadContracts: (config: GatewayConfig, known: Descriptors) => Descriptors;
  /** Logs what is valid and still worth a look. */
  readonly warn: (served: Served, config: GatewayConfig) => void;
}

/** A contract in force, and what it was read from. */
export interface Served {
  readonly contract: Contract;
  readonly descriptors: Descriptors;
}

/** The settings and contracts in force, read before and compared with at the next reload. */
interface InForce {
  readonly environment: Environment;
  readonly descriptors: Descriptors;
}

/** What there is to put in force. */
interface Next extends InForce {
  readonly config: GatewayConfig;
  readonly change: EnvironmentChange;
}

const NO_CHANGE: EnvironmentChange = { effective: {}, reloaded: [], needRestart: [] };

/** Makes the steps of a reload: everything is read and checked first, then all of it is put in force between two requests. */
export function reloadSteps(gateway: Reloadable, first: Descriptors): ReloadSteps {
  let inForce: InForce = { environment: gateway.source?.initial ?? {}, descriptors: first };
  const extra = new Set(first.extraServices.map(({ typeName }) => typeName));
  return {
    explain: (error) => reasonsOf(error, gateway.live.view),
    prepare: async () => {
      const next = read(gateway, inForce);
      const commits = [...(await contractCommits(gateway, next, inForce, extra)), await keysCommit(gateway, next)];
      if (gateway.siblings !== undefined && !(await gateway.siblings.agree())) throw refusedElsewhere();
      return () => {
        const before = gateway.app.get(Contract).routes;
        gateway.live.replace(next.config);
        for (const commit of commits) commit();
        inForce = next;
        applySettings(gateway, next.change.reloaded);
        return report(gateway, next, before);
      };
    },
  };
}

function read({ live, source, loadContracts }: Reloadable, { environment, descriptors }: InForce): Next {
  if (source === undefined) {
    return {
      config: live.current,
      change: NO_CHANGE,
      environment,
      descriptors: loadContracts(live.current, descriptors),
    };
  }
  const written = source.read();
  const asWritten = parseEnvironment(written);
  const change = compareEnvironments(environment, written);
  const { effective, needRestart } = change;
  // What a start would be refused with is refused, whatever of it a reload takes.
  if (needRestart.length > 0) loadContracts(asWritten, descriptors);
  return withFormerValues(needRestart, () => {
    const config = parseEnvironment(effective);
    return { config, change, environment: effective, descriptors: loadContracts(config, descriptors) };
  });
}

/** Names the settings that keep their former values where all else does not fit these. */
function withFormerValues<T>(needRestart: readonly string[], make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (needRestart.length === 0) throw error;
    const waiting = needRestart.map((name) => ({
      name,
      reason: 'needs a restart, and what is reloaded does not fit its former value',
      hint: 'restart the gateway, or change it back',
    }));
    throw new AggregateError([error, new ConfigError(waiting)]);
  }
}

/** Nothing where the descriptor sets are the same: then no route is compiled anew. */
async function contractCommits(
  { app, live }: Reloadable,
  { descriptors, config }: Next,
  { descriptors: former }: InForce,
  extraAtBoot: ReadonlySet<string>,
): Promise<(() => void)[]> {
  if (descriptors.revision === former.revision) return [];
  const mounted = mountedServices(app.get(DiscoveryService)).map(({ controlled }) => controlled.service);
  const kept = mounted.filter(({ typeName }) => !extraAtBoot.has(typeName));
  const own = new Set(kept.map(({ typeName }) => typeName));
  const services = [...kept, ...descriptors.extraServices.filter(({ typeName }) => !own.has(typeName))];
  const { registry, comments } = descriptors;
  refuseGrpcJs(descriptors, former, live.current);
  return [app.get(Contract).prepare(await compileContract({ services, registry, comments }, config.json))];
}

/** The well-known client is made of the descriptor sets at boot, and knows no RPC of later ones. */
function refuseGrpcJs({ sets }: Descriptors, former: Descriptors, { upstreams }: GatewayConfig): void {
  const known = new Set(former.sets.map(({ content }) => content));
  const changed = sets.filter(({ content }) => !known.has(content)).flatMap((set) => set.services);
  const stuck = [...new Set(changed.map(upstreamOfService))].filter(
    (name) => upstreams.get(name)?.transport === 'grpc-js',
  );
  if (stuck.length === 0) return;
  throw new ConfigError(
    stuck.map((name) => ({
      name: 'GATEWAY_DESCRIPTORS',
      reason: `changes the contract of "${name}", whose transport grpc-js takes it at the start alone`,
      hint: `restart the gateway, or use the transport http2 for it`,
    })),
  );
}

async function keysCommit({ app }: Reloadable, { config }: Next): Promise<() => void> {
  return app.get<TokenKeysReload>(TOKEN_KEYS_RELOAD)(config.jwt);
}

/** Has a part that keeps something made of settings make it anew. All others read a setting when they need it. */
const APPLIED: readonly (readonly [settings: RegExp, apply: (gateway: Reloadable) => void])[] = [
  [/^LOG_LEVEL$/, ({ observation, live }) => void (observation.logger.events.level = live.view.log.level)],
  [/^(?:GATEWAY_)?RATE_LIMIT_/, ({ app }) => app.get(RateLimiter).reconfigure()],
  [/^GATEWAY_MAX_CONCURRENT_REQUESTS$/, ({ app }) => app.get(Admission).reconfigure()],
  [/^GATEWAY_CORS_/, ({ app }) => app.get(Cors).reconfigure()],
];

function applySettings(gateway: Reloadable, changed: readonly string[]): void {
  for (const [settings, apply] of APPLIED) if (changed.some((name) => settings.test(name))) apply(gateway);
  gateway.app.get(TenantEntitlements).renewAll();
  gateway.app.get(CallStack).rebuild();
}

function report(
  { app, live, observation, warn }: Reloadable,
  next: Next,
  before: readonly CompiledRoute[],
): ReloadReport {
  const { descriptors, change } = next;
  const contract = app.get(Contract);
  const hash = configHash(live.current);
  observation.revise(descriptors.revision);
  app.get(AccessLog).restart();
  observation.metrics.info.reidentify(hash, descriptors.revision);
  warn({ contract, descriptors }, live.view);
  if (live.view.health.driftIntervalMs > 0) void app.get(ContractDrift).check();
  const [former, present] = [before, contract.routes].map((routes) => routes.map(nameOf)) as [string[], string[]];
  return {
    settings: change.reloaded,
    needRestart: change.needRestart,
    routesAdded: present.filter((name) => !former.includes(name)).toSorted(),
    routesRemoved: former.filter((name) => !present.includes(name)).toSorted(),
    policyRevision: descriptors.revision,
    configHash: hash,
  };
}

function nameOf({ route }: CompiledRoute): string {
  return `${route.verb} ${route.template}`;
}
