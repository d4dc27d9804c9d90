import { RpcController } from '../../edge/rpc-controller.js';
import { AIService } from '../../gen/ai/v1/ai_pb.js';

/** REST routes of AIService, as annotated in proto/ai/v1/ai.proto. */
@RpcController(AIService)
export class AiController {}
