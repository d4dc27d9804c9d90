import { Revocations } from '../../domain/revocation.js';
import type { RpcCall } from '../../edge/rpc-call.js';
import { RpcController } from '../../edge/rpc-controller.js';
import { AuthService } from '../../gen/auth/v1/auth_pb.js';

/** REST routes of AuthService, as annotated in proto/auth/v1/auth.proto. */
@RpcController(AuthService)
export class AuthController {
  constructor(private readonly revocations: Revocations) {}

  /**
   * Ends the refresh token through AuthService and revokes the access token of the request, which would otherwise stay
   * valid until its `exp`.
   */
  async Logout(call: RpcCall): Promise<Uint8Array> {
    const response = await call.send();
    const { principal } = call.context;
    if (principal !== undefined) await this.revocations.revoke(principal.tokenId, principal.expiresAt);
    return response;
  }
}
