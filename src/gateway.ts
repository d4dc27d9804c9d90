import type { AddressInfo } from 'node:net';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Logger } from 'nestjs-pino';
import { hasMiddleware, loadModules, servicesOf, type ModuleLike } from './adopted-modules.js';
import { AppModule } from './app.module.js';
import type { GatewayConfig } from './config/gateway-config.js';
import { configHash } from './config/config-hash.js';
import { ConfigError, type ConfigWarning } from './config/config-error.js';
import { guardrailWarnings } from './config/guardrail.js';
import { methodProblems } from './config/method-invariants.js';
import { basePathWarnings } from './config/base-path.js';
import { unusedUpstreams } from './config/unused-upstreams.js';
import { contractWarnings } from './contract/contract-warnings.js';
import { compiledPolicies, Contract, ContractError } from './contract/contract.js';
import { addServices, type Descriptors, loadDescriptors } from './contract/descriptors.js';
import type { Route } from './contract/route.js';
import { buildRouteTable } from './contract/route-table.js';
import { GatewayAdapter } from './edge/gateway-adapter.js';
import { HttpServer } from './edge/http-server.js';
import { Pipelines } from './edge/pipeline/pipelines.js';
import { RequestLifecycle } from './edge/request-lifecycle.js';
import { logConfigWarnings, logContractWarnings } from './log-config-warnings.js';
import { StalledClients } from './edge/stalled-clients.js';
import { frameworkLog } from './observe/framework-log.js';
import type { GatewayLogger } from './observe/logger.js';
import { observe, type Observation } from './observe/observe.module.js';
import { AdminAudit } from './ops/admin/admin-audit.js';
import { AdminListener, type ListenerParts } from './ops/admin/admin-listener.js';
import { mainCommands } from './ops/admin/main-commands.js';
import { diagnosticsOf } from './ops/admin/profiles/diagnostics-sources.js';
import { ConnectionLimits, warnOfOpenFiles } from './ops/connection-limits.js';
import { Drain } from './ops/drain.js';
import { startOpsServer } from './ops/ops-server.js';
import { contractProblems, featuresOf, fileProblems, moduleProblems } from './startup-checks.js';
import { VERSION } from './version.js';

/** A gateway that listens. */
export interface RunningGateway {
  readonly app: NestFastifyApplication;
  /** `http://127.0.0.1:8080`, with the port that was really taken. */
  readonly url: string;
  /** The same of OPS_PORT; undefined without one. */
  readonly opsUrl: string | undefined;
  /** That of GATEWAY_ADMIN_ADDR; undefined without one. */
  readonly adminUrl: string | undefined;
  /** Takes it out of service without losing a request, then closes everything. */
  drain(): Promise<void>;
}

/** Starts a gateway. Rejects with ContractError or DescriptorError for contracts, with EADDRINUSE or AdminListenError for a taken port. */
export async function startGateway(config: GatewayConfig, logger: GatewayLogger): Promise<RunningGateway> {
  const modules = await loadModules(config.moduleFiles);
  const descriptors = addServices(loadDescriptors(config.descriptorFiles), servicesOf(modules));
  refuseProblems(config, descriptors, modules);
  const observation = await observe(config, logger, descriptors.revision);
  const http = new HttpServer(config, { middleware: hasMiddleware(modules) });
  const module = AppModule.create({ config, descriptors, observation, modules });
  const app = await NestFactory.create<NestFastifyApplication>(module, new GatewayAdapter(http.fastify), {
    bodyParser: false,
    bufferLogs: true,
    abortOnError: false,
  });
  logWarnings(app.get(Contract), config, logger);
  app.useLogger(frameworkLog(app.get(Logger)));
  app.get(Pipelines).watchFilters();
  http.use(app.get(RequestLifecycle));
  const stalledClients = app.get(StalledClients);
  stalledClients.watch(http.fastify.server);
  warnOfOpenFiles(config.server.maxConnections, logger.events);
  const limits = new ConnectionLimits(observation);
  limits.watch(http.fastify.server);
  identify(config, descriptors, observation);
  if (!config.metrics.enabled) logger.events.info({ setting: 'ENABLE_METRICS' }, 'metrics_disabled: /metrics is 404');
  // First of all listeners and closed last: it answers for as long as there is something to ask about.
  const drain = new Drain(http, config, observation);
  const admin = config.admin && (await AdminListener.start(config.admin, adminParts(app, config, observation, drain)));
  const { host, port } = config.server;
  await app.listen({ host, port }).catch(async (error: unknown) => {
    await admin?.close();
    throw error;
  });
  const ops = config.server.opsPort === undefined ? undefined : await startOpsServer(app, config);
  if (ops !== undefined) {
    stalledClients.watch(ops.http.fastify.server);
    limits.watch(ops.http.fastify.server);
  }
  const close = async () => {
    await drain.run();
    limits.close();
    await app.close();
    ops?.http.connections.destroyAll();
    await ops?.app.close();
    await observation.tracing?.close();
    await admin?.close();
  };
  return { app, url: urlOf(app), opsUrl: ops && urlOf(ops.app), adminUrl: admin?.url, drain: close };
}

function logWarnings(contract: Contract, config: GatewayConfig, { events }: GatewayLogger): void {
  const routes = contract.routes.map(({ route }) => route);
  logConfigWarnings(events, routeWarnings(routes, config));
  logContractWarnings(events, contractWarnings(routes));
}

/** What settings and routes, each valid, make of each other. */
function routeWarnings(routes: readonly Route[], config: GatewayConfig): ConfigWarning[] {
  const methods = routes.map(({ method }) => method);
  const templates = routes.map(({ template }) => template);
  return [
    ...unusedUpstreams(methods, config),
    ...guardrailWarnings(methods, config),
    ...basePathWarnings(templates, config),
  ];
}

function adminParts(
  app: NestFastifyApplication,
  config: GatewayConfig,
  observation: Observation,
  drain: Drain,
): ListenerParts {
  return {
    commands: mainCommands(app, config, observation, drain),
    audit: new AdminAudit(observation.logger.events, observation.metrics),
    diagnostics: diagnosticsOf(app, observation),
  };
}

/**
 * Before anything is made, so that a refusal is all that a start says. Throws ContractError, ConfigError, or an
 * AggregateError of both.
 */
function refuseProblems(config: GatewayConfig, descriptors: Descriptors, modules: readonly ModuleLike[]): void {
  const problems = contractProblems(descriptors, { json: config.json, features: featuresOf(config, modules) });
  const methods = buildRouteTable(descriptors.services).routes.map(({ method }) => method);
  const contradictions = [...methodProblems(methods, config), ...fileProblems(config), ...moduleProblems(modules)];
  const refusals = [
    ...(problems.length > 0 ? [new ContractError(problems)] : []),
    ...(contradictions.length > 0 ? [new ConfigError(contradictions)] : []),
  ];
  if (refusals.length > 1) throw new AggregateError(refusals);
  if (refusals[0] !== undefined) throw refusals[0];
}

/** Says what runs here, in the metrics. */
function identify(config: GatewayConfig, { revision: policyRevision }: Descriptors, { metrics }: Observation): void {
  const { revision } = config;
  metrics.info.identify({ version: VERSION, revision, configHash: configHash(config), policyRevision });
  metrics.info.watchPolicies(compiledPolicies);
}

function urlOf(app: NestFastifyApplication): string {
  const { port } = app.getHttpServer().address() as AddressInfo;
  return `http://127.0.0.1:${port}`;
}
