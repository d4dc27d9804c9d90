import { createRegistry, fromBinary, type JsonValue, type Registry, toJson } from '@bufbuild/protobuf';
import { type Decision, evaluate, heldScope } from '../../../access/decision.js';
import type { PermissionBits } from '../../../access/permission-bits.js';
import { PermissionCheck } from '../../../access/permission-check.js';
import { tenantSuspended } from '../../../access/tenant.guard.js';
import type { GatewayConfig } from '../../../config/gateway-config.js';
import type { CompiledRoute } from '../../../contract/compiled-route.js';
import type { Contract } from '../../../contract/contract.js';
import type { CallContext } from '../../../domain/call-context.js';
import { GatewayError } from '../../../domain/errors.js';
import { readRequest } from '../../../edge/request-body.js';
import { responseTimeoutOf } from '../../../traffic/deadline.js';
import type { TenantEntitlements } from '../../../traffic/entitlements.js';
import type { BucketPreview } from '../../../traffic/limits/preview.js';
import type { RateLimiter } from '../../../traffic/limits/rate-limiter.js';
import type { Protection } from '../../../traffic/protection.js';
import { splitTarget } from '../call-runner.js';
import { type Identity, type IdentitySources, identify, lowerNames } from './dry-run-identity.js';
import type { DescribedRequest } from './dry-run-routes.js';

/** The parts of the running gateway that decide about requests. */
export interface DryRunSources extends IdentitySources {
  readonly config: GatewayConfig;
  readonly contract: Contract;
  readonly bits: PermissionBits;
  readonly entitlements: Pick<TenantEntitlements, 'known'>;
  readonly limiter: RateLimiter;
  readonly protection: Pick<Protection, 'breakers'>;
}

/** Returns a note, or throws the error that a client would get. */
export type Step = () => string | void | Promise<string | void>;

/** The checks of one described request, in the order of the request pipeline. */
export class DryRunChecks {
  rpc: CompiledRoute | undefined;
  identity: Identity | undefined;
  limits: readonly BucketPreview[] = [];
  upstreamRequest: object | null = null;

  constructor(
    private readonly sources: DryRunSources,
    private readonly request: DescribedRequest,
    private readonly call: CallContext,
  ) {}

  steps(): readonly (readonly [name: string, step: Step])[] {
    return [
      ['route', () => this.findRoute()],
      ['authentication', () => this.authenticate()],
      ['tenant', () => this.checkTenant()],
      ['authorization', () => this.authorize()],
      ['rate-limits', () => this.checkRates(undefined)],
      ['circuit-breaker', () => this.checkCircuit()],
      ['decode', () => this.decode()],
    ];
  }

  private findRoute(): string {
    const { method, path } = this.request;
    const match = this.sources.contract.matcher.match(method, splitTarget(path)[0]);
    if (match.kind === 'invalid') throw new GatewayError('MALFORMED_REQUEST', match.detail);
    if (match.kind === 'method_not_allowed') {
      throw new GatewayError('METHOD_NOT_ALLOWED', `This path answers ${match.allow.join(', ')}.`);
    }
    if (match.kind === 'not_found') {
      throw new GatewayError(
        'ROUTE_NOT_FOUND',
        'No RPC has this route. Dry runs do not cover routes of the gateway itself.',
      );
    }
    this.rpc = this.sources.contract.compiled(match.route);
    this.call.method = match.route.method;
    this.call.policy = match.route.method.policy;
    this.call.routeLabel = match.route.template;
    return `${match.route.verb} ${match.route.template}`;
  }

  private async authenticate(): Promise<string> {
    if (this.call.policy?.access === 'OPEN') {
      this.identity = { source: 'none', principal: undefined };
      this.call.decisionReason = 'OPEN_ENDPOINT';
      return 'open: no authentication';
    }
    this.identity = await identify(this.request, this.sources);
    this.call.principal = this.identity.principal;
    return this.identity.source === 'token' ? 'the token was verified' : 'described, not verified';
  }

  private checkTenant(): string | undefined {
    if (this.call.policy?.access === 'OPEN') return undefined;
    if (this.call.tenantId === '') {
      throw new GatewayError('PERMISSION_DENIED', 'The credential belongs to no tenant.', {
        decisionReason: 'TENANT_MISSING',
      });
    }
    const known = this.sources.entitlements.known(this.call.tenantId);
    if (known?.suspended === true) throw tenantSuspended();
    if (known !== undefined) return `plan ${JSON.stringify(known.plan)}`;
    return this.sources.config.upstreams.has('tenant')
      ? 'the tenant is not known to this instance: TenantService would be asked'
      : 'TenantService is not configured: no tenant has a plan or is suspended';
  }

  private authorize(): string {
    const { principal, policy } = this.call;
    if (principal === undefined || policy === undefined || policy.access === 'OPEN') return 'open';
    if (this.sources.config.upstreams.has('auth') && PermissionCheck.decides(principal, policy)) {
      return `the credential contains no permissions: AuthService would be asked for ${policy.permissions.join(', ')}`;
    }
    const decision: Decision = this.sources.bits.decide(principal, policy) ?? evaluate(principal, policy);
    this.call.decisionReason = decision.reason;
    if (!decision.allowed) {
      const wanted = [...policy.permissions, ...policy.roles.map((role) => `role ${role}`)].join(', ');
      throw new GatewayError('PERMISSION_DENIED', `The route requires ${wanted}.`, { decisionReason: decision.reason });
    }
    this.call.crossTenant = decision.crossTenant;
    const { privileged } = policy;
    this.call.privileged =
      privileged !== undefined && heldScope(principal.permissions ?? [], privileged.permission) !== undefined;
    return decision.crossTenant ? 'for all tenants' : 'for the own tenant';
  }

  private checkRates(message: Uint8Array | undefined): string {
    this.limits = this.sources.limiter.preview(this.call, { clientAddress: this.request.address }, message);
    const short = this.limits.find(({ waitMs }) => waitMs > 0);
    if (short === undefined) return `${this.limits.length} buckets, by the count of this instance`;
    if (this.sources.limiter.dryRun) return `beyond the limit of ${short.scope}, which is on dry run`;
    throw new GatewayError('RATE_LIMITED', `Beyond the limit of ${short.scope}, by the count of this instance.`);
  }

  private checkCircuit(): string {
    const { method } = this.call;
    const circuit = method && this.sources.protection.breakers.of(method);
    if (method === undefined || circuit === undefined || circuit.admits) return circuit?.state ?? '';
    const { cache, fallback } = method.policy;
    if (cache !== undefined || fallback !== undefined)
      return `${circuit.state}: a cached or fallback response may be used`;
    throw new GatewayError('CIRCUIT_OPEN', `The circuit of the "${method.upstream}" service is open.`);
  }

  /** Decodes the request. Rates that count by its values come last, as in the pipeline. */
  private decode(): string {
    const { rpc, call, request } = this;
    if (rpc === undefined) throw new Error('a route was found before');
    const [rawPath, rawQuery] = splitTarget(request.path);
    const headers = lowerNames(request.headers);
    const body = this.bodyBytes(rpc);
    const typed =
      body === undefined || headers['content-type'] !== undefined
        ? headers
        : { ...headers, 'content-type': 'application/json' };
    const message = readRequest({ call, headers: typed, rawPath, rawQuery, body }, rpc);
    const { method, desc } = rpc.route;
    this.upstreamRequest = {
      upstream: method.upstream,
      target: this.sources.config.upstreams.get(method.upstream)?.target ?? null,
      rpc: method.path,
      deadlineMs: responseTimeoutOf(method, this.sources.config),
      bytes: message.length,
      message: toJson(desc.input, fromBinary(desc.input, message), { registry: registryOf(this.sources.contract) }),
    };
    if (method.keyedRates !== undefined && method.keyedRates.length > 0) this.checkRates(message);
    return `${message.length} bytes`;
  }

  private bodyBytes({ takesRawBody, route }: CompiledRoute): Buffer | undefined {
    const { body } = this.request;
    if (body === undefined) return undefined;
    const bytes = Buffer.from(takesRawBody && typeof body === 'string' ? body : JSON.stringify(body as JsonValue));
    const limit = route.method.policy.maxBodyBytes ?? this.sources.config.server.maxBodyBytes;
    if (bytes.length > limit) throw new GatewayError('PAYLOAD_TOO_LARGE', `The body has more than ${limit} bytes.`);
    return bytes;
  }
}

const registries = new WeakMap<Contract['routes'], Registry>();

/** Returns the messages of the mounted descriptors, for the content of a google.protobuf.Any. */
function registryOf({ routes }: Contract): Registry {
  let registry = registries.get(routes);
  if (registry === undefined) {
    const files = new Set(routes.map(({ route }) => route.desc.parent.file));
    registries.set(routes, (registry = createRegistry(...files)));
  }
  return registry;
}
