import type { GatewayConfig } from '../../config/gateway-config.js';
import { contractWarnings } from '../../contract/contract-warnings.js';
import { describeProblem } from '../../contract/contract-problem.js';
import type { Route } from '../../contract/route.js';
import type { Finding, Severity } from './finding.js';

/** Audits the policies of the mounted RPCs. @param config undefined when the settings are invalid. */
export function auditContract(routes: readonly Route[], config: GatewayConfig | undefined): Finding[] {
  const rpcs = [...new Map(routes.map((route) => [route.desc, route])).values()];
  return [
    ...rpcs.flatMap((route) => tenantFindings(route)),
    ...rpcs.flatMap((route) => openRateFindings(route, config?.rateLimit.ip !== undefined)),
    ...rpcs.flatMap((route) => streamFindings(route)),
    ...rpcs.flatMap((route) => memoryFindings(route, config)),
    ...contractWarnings(routes).map((problem): Finding => {
      const [where = '', ...why] = describeProblem(problem).split(': ');
      return { id: 'contract-warning', severity: 'medium', where, why: why.join(': '), fix: 'follow the message' };
    }),
  ];
}

/** Finds RPCs that take an ID and check permissions but not the tenant, which may disclose data of other tenants. */
function tenantFindings({ method, desc }: Route): Finding[] {
  const { access, tenantField, responseTenantFields, permissions, roles } = method.policy;
  if (access !== 'ACCESS_CONTROLLED' || tenantField !== undefined || responseTenantFields.length > 0) return [];
  // Permissions that apply to all tenants.
  if ([...permissions, ...roles].some((name) => /:all$|platform|superadmin/.test(name))) return [];
  const names = desc.input.fields.map(({ name }) => name);
  const free = names.find((name) => name === 'tenant' || name === 'tenant_id');
  const reference = names.find((name) => name === 'id' || name.endsWith('_id'));
  const severity: Severity = free !== undefined ? 'high' : reference !== undefined ? 'medium' : 'low';
  const why =
    free !== undefined
      ? `callers choose ${free} themselves`
      : reference !== undefined
        ? `${reference} may be that of another tenant, which only the backend could detect`
        : 'neither request nor response is checked for the tenant of the caller: only the backend protects it';
  const fix =
    'set tenant_field or response_tenant_fields in the policy, or ignore this finding if the backend checks the tenant';
  return [{ id: 'rpc-without-tenant-check', severity, where: nameOf(method), why, fix }];
}

function openRateFindings({ method }: Route, hasAddressLimit: boolean): Finding[] {
  const { access, rates } = method.policy;
  if (access !== 'OPEN' || rates.length > 0) return [];
  const why = hasAddressLimit
    ? 'anyone may call it as often as the limit by address allows'
    : 'anyone may call it without any limit';
  const severity = hasAddressLimit ? 'low' : 'high';
  return [{ id: 'open-rpc-without-rate', severity, where: nameOf(method), why, fix: 'set rate in its policy' }];
}

function streamFindings({ method }: Route): Finding[] {
  const { access, maxConcurrent } = method.policy;
  if (method.kind !== 'server_stream' || access !== 'OPEN' || maxConcurrent > 0) return [];
  const why = 'anyone may keep an unlimited number of streams open';
  return [{ id: 'open-stream-unbounded', severity: 'high', where: nameOf(method), why, fix: 'set max_concurrent' }];
}

function memoryFindings({ method }: Route, config: GatewayConfig | undefined): Finding[] {
  const { maxBodyBytes } = method.policy;
  if (config === undefined || maxBodyBytes === undefined || maxBodyBytes <= config.grpc.maxSendBytes) return [];
  const why = `max_body_bytes is ${maxBodyBytes}, but a message may have ${config.grpc.maxSendBytes} bytes`;
  const fix = 'raise GATEWAY_GRPC_MAX_SEND_BYTES or lower max_body_bytes';
  return [{ id: 'body-above-message', severity: 'low', where: nameOf(method), why, fix }];
}

function nameOf({ service, name }: Route['method']): string {
  return `${service}.${name}`;
}
