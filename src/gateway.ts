import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger } from 'nestjs-pino';
import { hasMiddleware, loadModules, type ModuleLike } from './adopted-modules.js';
import { AppModule, type AppParts } from './app.module.js';
import type { ConfigWarning } from './config/config-error.js';
import type { GatewayConfig } from './config/gateway-config.js';
import { LiveConfig } from './config/live-config.js';
import { configHash } from './config/redact-config.js';
import {
  absentServiceWarnings,
  basePathWarnings,
  guardrailWarnings,
  unusedUpstreams,
} from './config/route-warnings.js';
import type { AdminConfig } from './config/schema/admin-settings.js';
import { ruleWarnings } from './contract/api-config/rule-warnings.js';
import { contractWarnings } from './contract/contract-warnings.js';
import { compiledPolicies, Contract } from './contract/contract.js';
import type { Descriptors } from './contract/descriptors.js';
import type { Route } from './contract/route.js';
import { GatewayAdapter } from './edge/gateway-adapter.js';
import { HttpServer } from './edge/http-server.js';
import { ListenerCertificate, listenerTlsOptions } from './edge/listener-tls.js';
import { Pipelines } from './edge/pipeline/pipelines.js';
import { RequestLifecycle } from './edge/request-lifecycle.js';
import { StalledClients } from './edge/stalled-clients.js';
import { logConfigWarnings, logContractWarnings } from './log-config-warnings.js';
import { frameworkLog } from './observe/framework-log.js';
import type { GatewayLogger } from './observe/logger.js';
import { type Observation, observe } from './observe/observe.module.js';
import { AdminAudit } from './ops/admin/admin-audit.js';
import { AdminListener, type ListenerParts } from './ops/admin/admin-listener.js';
import { mainCommands } from './ops/admin/main-commands.js';
import { diagnosticsOf } from './ops/admin/profiles/diagnostics-sources.js';
import { ConnectionLimits, warnOfOpenFiles } from './ops/connection-limits.js';
import { Drain } from './ops/drain.js';
import { listenToClients, urlOf } from './ops/main-listener.js';
import { type OpsServer, startOpsServer } from './ops/ops-server.js';
import { Reloader, type ReloadReport } from './ops/reload/reloader.js';
import type { Siblings } from './ops/workers/siblings.js';
import { readContracts, rereadContracts } from './read-contracts.js';
import { type Reloadable, reloadSteps, type Served, type SettingsSource } from './reload-steps.js';
import { checkNetwork } from './startup-netcheck.js';
import { upstreamNameWarnings } from './upstream-checks.js';
import { VERSION } from './version.js';

/** Running gateway. */
export interface RunningGateway {
  readonly app: NestFastifyApplication;
  /** `http://127.0.0.1:8080`, with the actual port; `https:` with TLS, `unix:/path` for a socket. */
  readonly url: string;
  /** URL of OPS_PORT; undefined without one. */
  readonly opsUrl: string | undefined;
  /** URL of GATEWAY_ADMIN_ADDR; undefined without one. */
  readonly adminUrl: string | undefined;
  /** Reloads contracts, keys and settings. Rejects with GatewayError, and changes nothing, if they are invalid. */
  reload(): Promise<ReloadReport>;
  /** Drains without losing a request, then closes everything. */
  drain(): Promise<void>;
}

/**
 * Starts a gateway. Rejects with ContractError or DescriptorError for contracts, with EADDRINUSE or AdminListenError for a port in use.
 * @param source of settings at a reload; without it settings do not change.
 * @param siblings the other workers, if any.
 */
export async function startGateway(
  settings: GatewayConfig,
  logger: GatewayLogger,
  source?: SettingsSource,
  siblings?: Siblings,
): Promise<RunningGateway> {
  const live = new LiveConfig(settings);
  const config = live.view;
  const modules = await loadModules(config.moduleFiles);
  const descriptors = await readContracts(config, modules);
  await checkNetwork(config.health.netcheckHosts, logger.events);
  const observation = await observe(config, logger, descriptors.revision);
  const tls = config.server.tls && listenerTlsOptions(config.server.tls);
  const http = new HttpServer(config, { middleware: hasMiddleware(modules), tls });
  const app = await createApp(http, { config, descriptors, observation, modules });
  logWarnings({ contract: app.get(Contract), descriptors }, config, logger);
  const stalledClients = app.get(StalledClients);
  stalledClients.watch(http.fastify.server);
  warnOfOpenFiles(config.server.maxConnections, logger.events);
  const limits = new ConnectionLimits(observation);
  limits.watch(http.fastify.server);
  identify(config, descriptors, observation);
  // The admin listener starts before and closes after the other listeners, so that it can always be used for diagnosis.
  const drain = new Drain(http, config, observation);
  const reloader = reloaderOf({ app, live, observation, source, siblings }, descriptors, modules);
  const commands = mainCommands({ app, config, observation, drain, reloader });
  const admin =
    config.admin && (await AdminListener.start(adminOf(config, config.admin), adminParts(app, commands, observation)));
  siblings?.serve({ commands, metrics: observation.metrics, reload: () => reloader.reload() });
  const certificate = config.server.tls && ListenerCertificate.watch(config.server.tls, http, observation);
  await listenToClients(app, config).catch(async (error: unknown) => {
    await admin?.close();
    throw error;
  });
  const ops = config.server.opsPort === undefined ? undefined : await startOpsServer(app, config);
  if (ops !== undefined) {
    stalledClients.watch(ops.http.fastify.server);
    limits.watch(ops.http.fastify.server);
  }
  const urls = { url: urlOf(app, tls && 'https'), opsUrl: ops && urlOf(ops.app), adminUrl: admin?.url };
  const close = () => closeAll({ app, drain, limits, certificate, ops, observation, admin });
  return { app, ...urls, drain: close, reload: () => reloader.reload() };
}

/** Running parts, in the order in which they were started. */
interface Running {
  readonly app: NestFastifyApplication;
  readonly drain: Drain;
  readonly limits: ConnectionLimits;
  readonly certificate: ListenerCertificate | undefined;
  readonly ops: OpsServer | undefined;
  readonly observation: Observation;
  readonly admin: AdminListener | undefined;
}

async function closeAll({ app, drain, limits, certificate, ops, observation, admin }: Running): Promise<void> {
  await drain.run();
  limits.close();
  certificate?.close();
  await app.close();
  ops?.http.connections.destroyAll();
  await ops?.app.close();
  await observation.tracing?.close();
  await admin?.close();
  // prom-client never disconnects its garbage collection observer, which would keep all objects that metrics read.
  observation.metrics.registry.clear();
}

/** Creates the application of a server that does not listen yet. */
async function createApp(http: HttpServer, parts: AppParts): Promise<NestFastifyApplication> {
  const adapter = new GatewayAdapter(http.fastify);
  const options = { bodyParser: false, bufferLogs: true, abortOnError: false } as const;
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.create(parts), adapter, options);
  app.useLogger(frameworkLog(app.get(Logger)));
  app.get(Pipelines).watchFilters();
  http.use(app.get(RequestLifecycle));
  return app;
}

function reloaderOf(
  parts: Pick<Reloadable, 'app' | 'live' | 'observation' | 'source' | 'siblings'>,
  descriptors: Descriptors,
  modules: readonly ModuleLike[],
): Reloader {
  const { observation } = parts;
  const loadContracts = (config: GatewayConfig, { sets }: Descriptors) => rereadContracts(config, modules, sets);
  const warn: Reloadable['warn'] = (served, config) => logWarnings(served, config, observation.logger);
  return new Reloader(reloadSteps({ ...parts, loadContracts, warn }, descriptors), observation);
}

function logWarnings({ contract, descriptors }: Served, config: GatewayConfig, { events }: GatewayLogger): void {
  const routes = contract.routes.map(({ route }) => route);
  logConfigWarnings(events, [...routeWarnings(routes, config), ...upstreamNameWarnings(descriptors, config)]);
  logContractWarnings(events, [...ruleWarnings(descriptors), ...contractWarnings(routes)]);
}

/** Returns warnings about combinations of valid settings and routes. */
function routeWarnings(routes: readonly Route[], config: GatewayConfig): ConfigWarning[] {
  const methods = routes.map(({ method }) => method);
  const templates = routes.map(({ template }) => template);
  return [
    ...unusedUpstreams(methods, config),
    ...guardrailWarnings(methods, config),
    ...absentServiceWarnings(methods, config),
    ...basePathWarnings(templates, config),
  ];
}

/** Returns the admin settings of this process: workers use the ports after that of the primary process. */
function adminOf({ worker }: GatewayConfig, admin: AdminConfig): AdminConfig {
  return worker === undefined || admin.port === 0 ? admin : { ...admin, port: admin.port + worker.number };
}

function adminParts(
  app: NestFastifyApplication,
  commands: ListenerParts['commands'],
  observation: Observation,
): ListenerParts {
  const audit = new AdminAudit(observation.logger.events, observation.metrics);
  return { commands, audit, diagnostics: diagnosticsOf(app, observation) };
}

/** Publishes version and hashes in the metrics, and logs that metrics are disabled. */
function identify(
  config: GatewayConfig,
  { revision: policyRevision }: Descriptors,
  { metrics, logger }: Observation,
): void {
  const { revision } = config;
  metrics.info.identify({ version: VERSION, revision, configHash: configHash(config), policyRevision });
  metrics.info.watchPolicies(compiledPolicies);
  if (!config.metrics.enabled) logger.events.info({ setting: 'ENABLE_METRICS' }, 'metrics_disabled: /metrics is 404');
}
