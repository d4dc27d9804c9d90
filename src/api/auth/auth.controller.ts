import { RpcController } from '../../edge/rpc-controller.js';
import { AuthService } from '../../gen/auth/v1/auth_pb.js';

/** REST routes of AuthService, as annotated in proto/auth/v1/auth.proto. */
@RpcController(AuthService)
export class AuthController {}
