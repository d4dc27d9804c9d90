/**
 * Public API for modules of applications. Messages are in `api-gateway/gen/…`, protos in `api-gateway/proto/…`, and test
 * helpers in `api-gateway/testing`. Other files of the package may change.
 */
export { Access } from './access/access.decorator.js';
export type { CallContext } from './domain/call-context.js';
export { type FieldViolation, GatewayError, type GatewayErrorCode } from './domain/errors.js';
export type { Principal } from './domain/principal.js';
export { provideClientGrpc } from './edge/client/client-grpc.provider.js';
export type { ServiceClient } from './edge/client/service-client.js';
export type { JsonValue, RpcCall, RpcOverride } from './edge/rpc-call.js';
export { RpcController } from './edge/rpc-controller.js';
export { Upstream } from './edge/upstream.decorator.js';
