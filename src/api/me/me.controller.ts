import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { DescMethod } from '@bufbuild/protobuf';
import type { CompiledRoute } from '../../contract/compiled-route.js';
import { Contract } from '../../contract/contract.js';
import type { Route } from '../../contract/route.js';
import { compileIgnored, type IgnoredParameters } from '../../contract/json-reader/ignored-parameters.js';
import { refuseParameters } from '../../contract/json-reader/query.js';
import type { CallContext } from '../../domain/call-context.js';
import { GATEWAY_CONFIG } from '../../config/config.token.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { GatewayError } from '../../domain/errors.js';
import { Access } from '../../access/access.decorator.js';
import { AnswerReader } from '../../edge/answer-reader.js';
import { Documented } from '../../edge/docs/documented.decorator.js';
import { TenantService } from '../../gen/tenant/v1/tenant_pb.js';
import { UserService } from '../../gen/user/v1/user_pb.js';
import { CallStack } from '../../traffic/stack.js';
import { ME_OPERATION } from './me.operation.js';

const NULL = Buffer.from('null');

/** One part of the answer: its JSON, or why it is missing. */
interface Part {
  readonly name: string;
  readonly json: Buffer;
  readonly error: GatewayError | undefined;
}

/** Who is calling, and where: what a client asks first. */
@Controller('api/v1/me')
export class MeController {
  private readonly getUser: Route;
  private readonly getTenant: Route;
  private readonly isIgnored: IgnoredParameters | undefined;

  constructor(
    private readonly contract: Contract,
    private readonly stack: CallStack,
    @Inject(GATEWAY_CONFIG) { json }: Pick<GatewayConfig, 'json'>,
  ) {
    this.isIgnored = compileIgnored(json.ignoredQuery);
    this.getUser = routeOf(contract, UserService.method.getUser);
    this.getTenant = routeOf(contract, TenantService.method.getTenant);
  }

  /** Principal, user and tenant. A part whose service fails is null and named in `errors`, and X-Gateway-Complete is false. */
  @Get()
  @Access('AUTHENTICATED')
  @Documented(ME_OPERATION)
  async me(@Req() { call, rawQuery }: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    refuseParameters(rawQuery, this.isIgnored);
    const parts = await Promise.all([
      this.part('user', call, this.contract.compiled(this.getUser), call.principal?.subject ?? ''),
      this.part('tenant', call, this.contract.compiled(this.getTenant), call.tenantId),
    ]);
    const complete = parts.every((part) => part.error === undefined);
    void reply
      .headers({ 'content-type': 'application/json; charset=utf-8', 'x-gateway-complete': String(complete) })
      .send(compose(call, parts));
  }

  /** Goes the way of the RPC's own route: same codec, same redaction, same tenant check, same call stack. */
  private async part(name: string, call: CallContext, rpc: CompiledRoute, id: string): Promise<Part> {
    const { tenantId } = call;
    try {
      const request = rpc.requestCodec.encode({ body: undefined, query: '', path: [id], tenantId, crossTenant: false });
      const { deadlineAt } = call;
      const reader = new AnswerReader(rpc, call);
      const response = await this.stack.unary({ context: call, method: rpc.route.method, request, deadlineAt, reader });
      return { name, json: reader.render(response).body, error: undefined };
    } catch (error) {
      return { name, json: NULL, error: GatewayError.from(error) };
    }
  }
}

function routeOf(contract: Contract, method: DescMethod): Route {
  const found = contract.routes.find(({ route }) => route.desc === method && route.verb === 'GET');
  if (found === undefined) throw new Error(`${method.parent.typeName}.${method.name} has no GET route`);
  return found.route;
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
