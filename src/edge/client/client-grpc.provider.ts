import type { DescService } from '@bufbuild/protobuf';
import type { FactoryProvider, InjectionToken } from '@nestjs/common';
import type { ClientGrpc } from '@nestjs/microservices';
import { ConfigError } from '../../config/config-error.js';
import { GATEWAY_CONFIG } from '../../config/config.token.js';
import type { GatewayConfig } from '../../config/gateway-config.js';
import { upstreamVariables } from '../../config/schema/upstream-settings.js';
import { NONE } from '../../config/upstream-address.js';
import { upstreamOfService } from '../../contract/upstream-of-service.js';
import { CallStack } from '../../traffic/stack.js';
import { CurrentCall } from './current-call.js';
import { type ClientParts, serviceClient } from './service-client.js';

/**
 * Provides a `ClientGrpc` of @nestjs/microservices to inject under `token`: what `ClientsModule.register` does in other
 * NestJS projects. Its calls go through the call stack, over whichever transport their upstream has.
 *
 *     providers: [provideClientGrpc('USERS', UserService)]
 *     constructor(@Inject('USERS') client: ClientGrpc) { this.users = client.getService('UserService'); }
 */
export function provideClientGrpc(
  token: InjectionToken,
  ...services: readonly DescService[]
): FactoryProvider<ClientGrpc> {
  return {
    provide: token,
    inject: [CallStack, CurrentCall, GATEWAY_CONFIG],
    useFactory: (stack: CallStack, current: CurrentCall, { absentUpstreams }: GatewayConfig) => {
      refuseAbsent(services, absentUpstreams);
      current.use();
      return new CallStackClient(services, { stack, current });
    },
  };
}

/** Throws ConfigError for services of upstreams that are absent, because each of their calls would fail. */
function refuseAbsent(services: readonly DescService[], absentUpstreams: readonly string[]): void {
  const absent = services.filter((service) => absentUpstreams.includes(upstreamOfService(service)));
  if (absent.length === 0) return;
  throw new ConfigError(
    absent.map((service) => {
      const { url } = upstreamVariables(upstreamOfService(service));
      const reason = `a module provides a client of ${service.typeName}, but ${url} is ${NONE}`;
      return { name: 'GATEWAY_MODULES', reason, hint: `set ${url}, or remove the client` };
    }),
  );
}

/** Clients of services whose calls have the gateway's deadlines, metadata, circuit breakers and limits. */
class CallStackClient implements ClientGrpc {
  constructor(
    private readonly services: readonly DescService[],
    private readonly parts: ClientParts,
  ) {}

  /**
   * Returns the client of a service. Throws for a service that was not provided.
   * @param name of the service, `UserService` or `user.v1.UserService`.
   */
  getService<T extends object>(name: string): T {
    const service = this.services.find((each) => each.name === name || each.typeName === name);
    if (service !== undefined) return serviceClient(service, this.parts) as T;
    const known = this.services.map((each) => each.name).join(', ');
    throw new TypeError(`There is no service "${name}" in this client: it has ${known}`);
  }

  /** Always throws, because calls over a bare channel would have no identity, deadline or circuit breaker. */
  getClientByServiceName<T>(name: string): T {
    throw new TypeError(`The gateway has no bare client of "${name}": use getService("${name}")`);
  }
}
