import { SetMetadata, UseGuards, UseInterceptors } from '@nestjs/common';
import type { RpcCall } from '../../../src/edge/rpc-call.js';
import { RpcController } from '../../../src/edge/rpc-controller.js';
import { UserService } from '../../../src/gen/user/v1/user_pb.js';
import { EnvelopeInterceptor } from './envelope.interceptor.js';
import { journal } from './journal.js';
import { StaffGuard } from './staff.guard.js';

/** Takes the place of the gateway's own controller of UserService. */
@RpcController(UserService)
@UseInterceptors(EnvelopeInterceptor)
@SetMetadata('shop:label', 'users')
export class ShopUserController {
  @UseGuards(StaffGuard)
  async DeleteUser(call: RpcCall): Promise<Uint8Array> {
    journal.push('DeleteUser');
    return call.send();
  }
}
