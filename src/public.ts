/**
 * The package for applications: what a module of one's own is made of. Messages are in `api-gateway/gen/…`, protos in
 * `api-gateway/proto/…`, and what tests need in `api-gateway/testing`. Nothing else of the package is promised to stay.
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
