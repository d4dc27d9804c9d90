import { create, toBinary } from '@bufbuild/protobuf';
import { anyPack } from '@bufbuild/protobuf/wkt';
import { Metadata, status } from '@grpc/grpc-js';
import { RpcException } from '@nestjs/microservices';
import { BadRequestSchema } from '../../src/gen/google/rpc/error_details_pb.js';
import { StatusSchema } from '../../src/gen/google/rpc/status_pb.js';

/** A field of the request, by its dotted proto name, and what is wrong with it. */
export interface FieldViolation {
  readonly field: string;
  readonly description: string;
}

/** The exception a controller throws to end a call with this status. */
export function rpcError(code: status, details: string, metadata = new Metadata()): RpcException {
  return new RpcException({ code, details, message: details, metadata });
}

/** INVALID_ARGUMENT with a google.rpc.BadRequest in the trailer `grpc-status-details-bin`. */
export function invalidArgument(fieldViolations: readonly FieldViolation[]): RpcException {
  const message = fieldViolations.map(({ field, description }) => `${field}: ${description}`).join('; ');
  const badRequest = create(BadRequestSchema, { fieldViolations: [...fieldViolations] });
  const details = [anyPack(BadRequestSchema, badRequest)];
  const metadata = new Metadata();
  const bytes = toBinary(StatusSchema, create(StatusSchema, { code: status.INVALID_ARGUMENT, message, details }));
  metadata.set('grpc-status-details-bin', Buffer.from(bytes));
  return rpcError(status.INVALID_ARGUMENT, message, metadata);
}

/** Throws {@link invalidArgument} when there is any violation. */
export function refuseIfAny(violations: readonly FieldViolation[]): void {
  if (violations.length > 0) throw invalidArgument(violations);
}

/** A violation for each of these fields that is empty. */
export function emptyFields(fields: Readonly<Record<string, string>>): FieldViolation[] {
  return Object.entries(fields)
    .filter(([, value]) => value === '')
    .map(([field]) => ({ field, description: 'must not be empty' }));
}

/** NOT_FOUND, naming the thing and the id asked for. */
export function notFound(thing: string, id: string): RpcException {
  return rpcError(status.NOT_FOUND, `${thing} "${id}" not found`);
}

/** ALREADY_EXISTS, naming the thing and the value that is taken. */
export function alreadyExists(thing: string, value: string): RpcException {
  return rpcError(status.ALREADY_EXISTS, `${thing} "${value}" already exists`);
}
