import { RpcController } from '../../edge/rpc-controller.js';
import { TenantService } from '../../gen/tenant/v1/tenant_pb.js';

/** REST routes of TenantService, as annotated in proto/tenant/v1/tenant.proto. */
@RpcController(TenantService)
export class TenantController {}
