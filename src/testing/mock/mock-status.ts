import { create, toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { BadRequestSchema } from '../../gen/google/rpc/error_details_pb.js';
import { StatusSchema } from '../../gen/google/rpc/status_pb.js';
import { type GrpcCode, GrpcStatus } from '../../grpc/grpc-code.js';

const DETAILS = 'grpc-status-details-bin';

/** Ends a call of the mock with a gRPC status. */
export class MockStatus extends Error implements ServiceError {
  override readonly name = 'MockStatus';
  readonly metadata = new Metadata();
  readonly code: status;

  constructor(
    code: GrpcCode,
    readonly details: string,
  ) {
    super(details);
    this.code = GrpcStatus[code];
  }

  /** Returns INVALID_ARGUMENT with a google.rpc.BadRequest that names the field. */
  static invalid(field: string, description: string): MockStatus {
    const failure = new MockStatus('INVALID_ARGUMENT', `${field}: ${description}`);
    const badRequest = anyPack(
      BadRequestSchema,
      create(BadRequestSchema, { fieldViolations: [{ field, description }] }),
    );
    const rich = create(StatusSchema, { code: failure.code, message: failure.details, details: [badRequest] });
    failure.metadata.set(DETAILS, Buffer.from(toBinary(StatusSchema, rich)));
    return failure;
  }
}
