import { servicesOf, type ModuleLike } from './adopted-modules.js';
import { ConfigError } from './config/config-error.js';
import type { GatewayConfig } from './config/gateway-config.js';
import { methodProblems } from './config/method-invariants.js';
import type { ContractProblem } from './contract/contract-problem.js';
import { ContractError } from './contract/contract.js';
import { addServices, type Descriptors, type DescriptorSet, loadDescriptors } from './contract/descriptors.js';
import { buildRouteTable } from './contract/route-table.js';
import { contractProblems, featuresOf, fileProblems, moduleProblems, routeProblems } from './startup-checks.js';

/** Reads contracts and checks them with the settings. Rejects with ContractError, ConfigError, or an AggregateError of both. */
export async function readContracts(config: GatewayConfig, modules: readonly ModuleLike[]): Promise<Descriptors> {
  const descriptors = loadMounted(config, modules);
  const features = featuresOf(config, modules);
  refuseProblems(await contractProblems(descriptors, { json: config.json, features }), config, descriptors, modules);
  return descriptors;
}

/** Reads contracts again for a reload, which finds further problems when it compiles them. Throws as `readContracts` rejects. */
export function rereadContracts(
  config: GatewayConfig,
  modules: readonly ModuleLike[],
  known: readonly DescriptorSet[],
): Descriptors {
  const descriptors = loadMounted(config, modules, known);
  refuseProblems(routeProblems(descriptors, { features: featuresOf(config, modules) }), config, descriptors, modules);
  return descriptors;
}

function loadMounted(
  { descriptorFiles, absentUpstreams, policyFile, upstreamNames }: GatewayConfig,
  modules: readonly ModuleLike[],
  known: readonly DescriptorSet[] = [],
): Descriptors {
  const options = { known, absentUpstreams, policyFile, upstreamNames };
  return addServices(loadDescriptors(descriptorFiles, options), servicesOf(modules));
}

/**
 * Rejects invalid contracts and settings before anything is created. Throws ContractError, ConfigError, or an
 * AggregateError of both.
 */
function refuseProblems(
  problems: readonly ContractProblem[],
  config: GatewayConfig,
  descriptors: Descriptors,
  modules: readonly ModuleLike[],
): void {
  const methods = buildRouteTable(descriptors.services).routes.map(({ method }) => method);
  const contradictions = [
    ...methodProblems(methods, config),
    ...fileProblems(config),
    ...moduleProblems(modules, config),
  ];
  const refusals = [
    ...(problems.length > 0 ? [new ContractError(problems)] : []),
    ...(contradictions.length > 0 ? [new ConfigError(contradictions)] : []),
  ];
  if (refusals.length > 1) throw new AggregateError(refusals);
  if (refusals[0] !== undefined) throw refusals[0];
}
