import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DescMethod } from '@bufbuild/protobuf';
import { Contract } from '../../contract/contract.js';
import type { Route } from '../../contract/route.js';
import { compileIgnored, type IgnoredParameters } from '../../contract/json-reader/query-string.js';
import { refuseParameters } from '../../contract/json-reader/query.js';
import type { CallContext } from '../../domain/call-context.js';
import { GATEWAY_CONFIG } from '../../config/config.token.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { GatewayError } from '../../domain/errors.js';
import { Access } from '../../access/access.decorator.js';
import { RenderedResponseReader } from '../../edge/rendered-response-reader.js';
import { Documented } from '../../contract/openapi/extra-operations.js';
import { TenantService } from '../../gen/tenant/v1/tenant_pb.js';
import { UserService } from '../../gen/user/v1/user_pb.js';
import { CallStack } from '../../traffic/stack.js';
import { ME_OPERATION } from './me.operation.js';

const NULL = Buffer.from('null');

/** One part of the response: its JSON, or the reason why it is missing. */
interface Part {
  readonly name: string;
  readonly json: Buffer;
  readonly error: GatewayError | undefined;
}

/** Source of a part: a route with one variable in its path. */
interface PartSource {
  readonly name: string;
  readonly route: Route;
  readonly idOf: (call: CallContext) => string;
}

/** Returns the caller and their tenant, which clients request first. */
@Controller('api/v1/me')
export class MeController {
  private readonly sources: readonly PartSource[];
  private readonly isIgnored: IgnoredParameters | undefined;

  constructor(
    private readonly contract: Contract,
    private readonly stack: CallStack,
    @Inject(GATEWAY_CONFIG) { json }: Pick<GatewayConfig, 'json'>,
  ) {
    this.isIgnored = compileIgnored(json.ignoredQuery);
    const user = partSource(contract, UserService.method.getUser);
    const tenant = partSource(contract, TenantService.method.getTenant);
    this.sources = [
      ...user.map((route) => ({ name: 'user', route, idOf: ({ principal }: CallContext) => principal?.subject ?? '' })),
      ...tenant.map((route) => ({ name: 'tenant', route, idOf: ({ tenantId }: CallContext) => tenantId })),
    ];
  }

  /**
   * Returns principal, user and tenant. A part whose service fails is null and named in `errors`, and
   * X-Gateway-Complete is false; a part whose service is absent in this deployment is omitted.
   */
  @Get()
  @Access('AUTHENTICATED')
  @Documented(ME_OPERATION)
  async me(@Req() { call, rawQuery }: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    refuseParameters(rawQuery, this.isIgnored);
    const parts = await Promise.all(this.sources.map((source) => this.part(source, call)));
    const complete = parts.every((part) => part.error === undefined);
    void reply
      .headers({ 'content-type': 'application/json; charset=utf-8', 'x-gateway-complete': String(complete) })
      .send(compose(call, parts));
  }

  /** Calls the RPC with the codec, redaction, tenant check and call stack of its own route. */
  private async part({ name, route, idOf }: PartSource, call: CallContext): Promise<Part> {
    const { tenantId } = call;
    try {
      const rpc = this.contract.compiled(route);
      const id = idOf(call);
      const request = rpc.requestCodec.encode({ body: undefined, query: '', path: [id], tenantId, crossTenant: false });
      const { deadlineAt } = call;
      const reader = new RenderedResponseReader(rpc, call);
      const response = await this.stack.unary({ context: call, method: rpc.route.method, request, deadlineAt, reader });
      return { name, json: reader.render(response).body, error: undefined };
    } catch (error) {
      return { name, json: NULL, error: GatewayError.from(error) };
    }
  }
}

/**
 * Returns the GET route of an RPC; empty where its service is not mounted. Throws Error for an RPC without such a
 * route.
 */
function partSource({ routes }: Contract, method: DescMethod): Route[] {
  const mounted = routes.map(({ route }) => route).filter(({ desc }) => desc.parent === method.parent);
  const found = mounted.find(({ desc, verb }) => desc === method && verb === 'GET');
  if (found !== undefined) return [found];
  if (mounted.length === 0) return [];
  throw new Error(`${method.parent.typeName}.${method.name} has no GET route`);
}

function compose({ principal }: CallContext, parts: readonly Part[]): Buffer {
  const { subject, tenantId, identityType, authMethod, roles, permissions = [] } = principal!;
  const head = JSON.stringify({ principal: { subject, tenantId, identityType, authMethod, roles, permissions } });
  const errors = parts.flatMap(({ name, error }) =>
    error ? [{ part: name, code: error.code, detail: error.detail }] : [],
  );
  return Buffer.concat([
    Buffer.from(head.slice(0, -1)),
    ...parts.flatMap(({ name, json }) => [Buffer.from(`,"${name}":`), json]),
    Buffer.from(`,"errors":${JSON.stringify(errors)}}`),
  ]);
}
