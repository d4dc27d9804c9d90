import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { Inject, SetMetadata, UseGuards, UseInterceptors } from '@nestjs/common';
import type { ClientGrpc } from '@nestjs/microservices';
import { firstValueFrom } from 'rxjs';
import type { ServiceClient } from '../../../src/edge/client/service-client.js';
import type { RpcCall } from '../../../src/edge/rpc-call.js';
import { RpcController } from '../../../src/edge/rpc-controller.js';
import { TenantService } from '../../../src/gen/tenant/v1/tenant_pb.js';
import { UserSchema, UserService } from '../../../src/gen/user/v1/user_pb.js';
import { EnvelopeInterceptor } from './envelope.interceptor.js';
import { journal } from './journal.js';
import { StaffGuard } from './staff.guard.js';

/** Takes the place of the gateway's own controller of UserService. */
@RpcController(UserService)
@UseInterceptors(EnvelopeInterceptor)
@SetMetadata('shop:label', 'users')
export class ShopUserController {
  private readonly tenants: ServiceClient<typeof TenantService>;

  constructor(@Inject('TENANTS') client: ClientGrpc) {
    this.tenants = client.getService('TenantService');
  }

  async GetUser(call: RpcCall): Promise<Uint8Array> {
    journal.push('GetUser');
    const user = fromBinary(UserSchema, await call.send());
    const { name } = await firstValueFrom(this.tenants.getTenant({ tenantId: user.tenantId }));
    return toBinary(UserSchema, { ...user, displayName: `${user.displayName} of ${name}` });
  }

  @UseGuards(StaffGuard)
  async DeleteUser(call: RpcCall): Promise<Uint8Array> {
    journal.push('DeleteUser');
    return call.send();
  }
}
