import { DiscoveryService } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { TOKEN_KEYS_RELOAD, type TokenKeysReload } from './access/jwt/jwt.module.js';
import { ConfigError } from './config/config-error.js';
import { parseEnvironment } from './config/environment.js';
import type { GatewayConfig } from './config/gateway-config.js';
import type { LiveConfig } from './config/live-config.js';
import { configHash } from './config/redact-config.js';
import { compareEnvironments, type EnvironmentChange } from './config/reloadable.js';
import type { Environment } from './config/variables.js';
import type { CompiledRoute } from './contract/compiled-route.js';
import { compileContract, Contract } from './contract/contract.js';
import type { Descriptors } from './contract/descriptors.js';
import { upstreamOfService } from './contract/upstream-of-service.js';
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

/** Source of the settings. */
export interface SettingsSource {
  /** Environment that the current settings were read from. */
  readonly initial: Environment;
  /** Reads it again. Throws ConfigError for files that cannot be read. */
  readonly read: () => Environment;
}

/** Parts of a running gateway that a reload uses. */
export interface Reloadable {
  readonly app: NestFastifyApplication;
  readonly live: LiveConfig;
  readonly observation: Observation;
  /** Undefined: only contracts and keys are reloaded. */
  readonly source: SettingsSource | undefined;
  /** The other workers, which either all apply a reload or none; undefined without workers. */
  readonly siblings?: Pick<Siblings, 'agree'> | undefined;
  /** Reads and checks contracts as at start. Throws the same errors. */
  readonly loadContracts: (config: GatewayConfig, known: Descriptors) => Descriptors;
  /** Logs warnings. */
  readonly warn: (served: Served, config: GatewayConfig) => void;
}

/** Current contract, and its descriptors. */
export interface Served {
  readonly contract: Contract;
  readonly descriptors: Descriptors;
}

/** Current environment and descriptors, compared with those of the next reload. */
interface InForce {
  readonly environment: Environment;
  readonly descriptors: Descriptors;
}

/** Settings and contracts to apply. */
interface Next extends InForce {
  readonly config: GatewayConfig;
  readonly change: EnvironmentChange;
}

const NO_CHANGE: EnvironmentChange = { effective: {}, reloaded: [], needRestart: [] };

/** Returns the steps of a reload: everything is read and checked first, then applied together between two requests. */
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
  // Reject what a start would reject, even for settings that a reload does not apply.
  if (needRestart.length > 0) loadContracts(asWritten, descriptors);
  return withFormerValues(needRestart, () => {
    const config = parseEnvironment(effective);
    return { config, change, environment: effective, descriptors: loadContracts(config, descriptors) };
  });
}

/** Adds the settings that need a restart to an error, when the reloaded ones contradict their previous values. */
function withFormerValues<T>(needRestart: readonly string[], make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (needRestart.length === 0) throw error;
    const waiting = needRestart.map((name) => ({
      name,
      reason: 'needs a restart, and the reloaded settings contradict its previous value',
      hint: 'restart the gateway, or change it back',
    }));
    throw new AggregateError([error, new ConfigError(waiting)]);
  }
}

/** Compiles changed descriptor sets. Returns an empty list if they are unchanged. */
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

/** Rejects changes of contracts over grpc-js, whose client is created from the descriptor sets at boot. */
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
      reason: `changes the contract of "${name}", whose transport grpc-js reads it only at start`,
      hint: `restart the gateway, or use the transport http2`,
    })),
  );
}

async function keysCommit({ app }: Reloadable, { config }: Next): Promise<() => void> {
  return app.get<TokenKeysReload>(TOKEN_KEYS_RELOAD)(config.jwt);
}

/** Settings from which a part derives state that it rebuilds at a reload. Others are read when needed. */
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
