import { fromBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { type ServiceError, status } from '@grpc/grpc-js';
import { BadRequestSchema } from '../../src/gen/google/rpc/error_details_pb.js';
import { StatusSchema } from '../../src/gen/google/rpc/status_pb.js';

/** Error of a failed call as its caller receives it, in a form that a test can compare. */
export interface RpcFailure {
  /** Name of the gRPC status. */
  readonly code: string | undefined;
  readonly details: string;
  /** Fields of the google.rpc.BadRequest in the trailers, if there is one. */
  readonly fields: readonly string[];
}

/** The failure of a call that is expected to fail. Rejects when it succeeds. */
export async function failureOf(call: Promise<unknown>): Promise<RpcFailure> {
  const error = await call.then(
    () => undefined,
    (reason: ServiceError) => reason,
  );
  if (error === undefined) throw new Error('the call succeeded');
  return { code: status[error.code], details: error.details, fields: violatedFields(error) };
}

function violatedFields({ metadata }: ServiceError): string[] {
  const [bytes] = metadata.get('grpc-status-details-bin');
  if (!(bytes instanceof Buffer)) return [];
  const badRequests = fromBinary(StatusSchema, bytes).details.map((detail) => anyUnpack(detail, BadRequestSchema));
  return badRequests.flatMap((badRequest) => badRequest?.fieldViolations.map(({ field }) => field) ?? []);
}
