import { RpcController } from '../../edge/rpc-controller.js';
import { UserService } from '../../gen/user/v1/user_pb.js';

/** REST routes of UserService, as annotated in proto/user/v1/user.proto. */
@RpcController(UserService)
export class UserController {}
