import { controllersOf, type ModuleLike } from './adopted-modules.js';
import type { ConfigProblem } from './config/config-error.js';
import type { GatewayConfig } from './config/gateway-config.js';
import { upstreamVariables } from './config/schema/upstream-settings.js';
import { compileRoutes, loadTypes, type CodecOptions } from './contract/contract.js';
import type { ContractProblem } from './contract/contract-problem.js';
import type { Descriptors } from './contract/descriptors.js';
import { buildRouteTable } from './contract/route-table.js';
import { findStaticConflicts } from './contract/static-conflicts.js';
import { readListenerContext } from './edge/listener-tls.js';
import { controllerRoutes } from './edge/controller-routes.js';
import { controlledService } from './edge/rpc-controller.js';
import { findUnmountable } from './edge/mount-check.js';
import { checkTlsMaterial } from './grpc/tls-material.js';
import { type StaticFeatures, staticRoutes } from './static-routes.js';
import { controllerProblems, type UpstreamSettings } from './upstream-checks.js';

/** Matches paths of literals and whole variables, without wildcards and patterns. */
const PLAIN_PATH = /^(?:\/(?::\w+|[\w.~!$&',;=@%-]+))*\/?$/;

/** Settings that the checks of contracts depend on. */
export interface ContractSettings {
  readonly json: CodecOptions;
  readonly features: StaticFeatures;
}

/**
 * Finds all problems of the contracts that keep a gateway from starting. Both the start and `gateway check` use it, so that
 * they always agree.
 */
export async function contractProblems(
  descriptors: Descriptors,
  settings: ContractSettings,
): Promise<ContractProblem[]> {
  const problems = routeProblems(descriptors, settings);
  if (problems.length > 0) return problems;
  const { routes } = buildRouteTable(descriptors.services);
  const types = await loadTypes(routes, descriptors.registry);
  return [...compileRoutes(routes, types, settings.json).problems];
}

/** Finds the problems that do not need compiled routes, whose compilation takes most of the time. */
export function routeProblems(
  { services }: Descriptors,
  { features }: Pick<ContractSettings, 'features'>,
): ContractProblem[] {
  const { routes, problems } = buildRouteTable(services);
  const statics = staticRoutes(features).filter(({ path }) => PLAIN_PATH.test(path));
  const found = [...problems, ...findStaticConflicts(routes, statics)];
  return found.length > 0 ? found : findUnmountable(routes, statics);
}

/** Finds controllers of modules that cannot be mounted. */
export function moduleProblems(modules: readonly ModuleLike[], settings: UpstreamSettings): ConfigProblem[] {
  return [...unplainRoutes(modules), ...controllerProblems(modules, settings)];
}

/** Finds routes of adopted controllers that may overlap with those of the contracts. */
function unplainRoutes(modules: readonly ModuleLike[]): ConfigProblem[] {
  return controllersOf(modules)
    .filter((controller) => controlledService(controller) === undefined)
    .flatMap((controller) => controllerRoutes(controller).map((route) => ({ ...route, controller: controller.name })))
    .filter(({ path }) => !PLAIN_PATH.test(path))
    .map(({ controller, verb, path }) => ({
      name: 'GATEWAY_MODULES',
      reason: `${controller} has the path ${verb} ${path}, which may match requests of other routes`,
      hint: 'use only literals and whole variables: /shelves/:id',
    }));
}

/** Finds unusable files in the settings. */
export function fileProblems({ server, upstreams }: Pick<GatewayConfig, 'server' | 'upstreams'>): ConfigProblem[] {
  return [...listenerProblems(server), ...upstreamFileProblems(upstreams)];
}

function listenerProblems({ tls }: GatewayConfig['server']): ConfigProblem[] {
  try {
    if (tls !== undefined) readListenerContext(tls);
    return [];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [{ name: 'GATEWAY_TLS_CERT_FILE', reason, hint: 'name PEM files of a certificate and of its own key' }];
  }
}

function upstreamFileProblems(upstreams: GatewayConfig['upstreams']): ConfigProblem[] {
  return [...upstreams.values()].flatMap((upstream) => {
    try {
      checkTlsMaterial(upstream);
      return [];
    } catch (error) {
      return [
        {
          name: upstreamVariables(upstream.name).tlsMode,
          reason: error instanceof Error ? error.message : String(error),
          hint: 'name PEM files that this process may read',
        },
      ];
    }
  });
}

/** Returns the features of a configuration and its modules. */
export function featuresOf({ server, sso, metrics }: GatewayConfig, modules: readonly ModuleLike[]): StaticFeatures {
  const { docs, opsPort } = server;
  const controllers = controllersOf(modules);
  return { docs, sso: sso.providers.size > 0, metrics: metrics.enabled, ops: opsPort !== undefined, controllers };
}
