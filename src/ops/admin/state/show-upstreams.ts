import type { GatewayConfig } from '../../../config/gateway-config.js';
import type { Contract } from '../../../contract/contract.js';
import type { EndpointReport } from '../../../grpc/endpoint-report.js';
import type { Upstreams } from '../../../grpc/upstreams.js';
import type { Protection } from '../../../traffic/protection.js';
import type { ContractDrift } from '../../contract-drift.js';
import type { HealthMonitor } from '../../health-monitor.js';
import { describeCircuits } from '../circuit-commands.js';
import { shownTime } from './shown-time.js';

const MAX_ENDPOINTS = 64;

/** Sources of the state of upstreams. */
export interface UpstreamSources {
  readonly config: Pick<GatewayConfig, 'upstreams'>;
  readonly contract: Pick<Contract, 'routes'>;
  readonly upstreams: Pick<Upstreams, 'report'>;
  readonly protection: Pick<Protection, 'report' | 'breakers'>;
  readonly health: Pick<HealthMonitor, 'verdict'>;
  readonly drift: Pick<ContractDrift, 'report'>;
}

/** Shows each upstream: its last health check, endpoints, concurrency limit and circuit breakers. */
export function showUpstreams({ config, contract, upstreams, protection, health, drift }: UpstreamSources): object {
  const { checks, timestamp } = health.verdict(true);
  return {
    healthCheckedAt: timestamp,
    upstreams: [...config.upstreams.values()].map(({ name, target, tls, timeoutMs }) => {
      const { endpoints = [], waiting = 0 } = upstreams.report(name) ?? {};
      return {
        upstream: name,
        services: servicesOf(name, contract),
        target,
        tls: tls.mode,
        timeoutMs,
        health: checks[`${name}-service`] ?? null,
        endpoints: endpoints.slice(0, MAX_ENDPOINTS).map(describeEndpoint),
        waitingForConnection: waiting,
        concurrency: protection.report(name) ?? null,
        contract: drift.report(name),
        circuits: describeCircuits(protection.breakers, name),
      };
    }),
  };
}

/** Returns the full names of the services at an upstream. */
function servicesOf(upstream: string, { routes }: Pick<Contract, 'routes'>): readonly string[] {
  const methods = routes.map(({ route }) => route.method).filter((method) => method.upstream === upstream);
  return [...new Set(methods.map(({ service }) => service))];
}

function describeEndpoint({ address, state, inFlight, lastFailure }: EndpointReport): object {
  return {
    address,
    state,
    inFlight,
    lastFailure: lastFailure === undefined ? null : { reason: lastFailure.reason, at: shownTime(lastFailure.at) },
  };
}
