import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import type { Fault } from '../faults/fault.js';

/** The part of grpc.reflection.v1.ServerReflectionResponse that describes files. */
interface ReflectionResponse {
  readonly fileDescriptorResponse?: { fileDescriptorProto: Uint8Array[] };
}

/** Ends calls as the fault `fail` has it, before the backend sees them. Health checks and reflection go on. */
export function failCalls(fault: () => Fault, random: () => number): ServerInterceptor {
  return ({ path }, call) => {
    if (path.startsWith('/grpc.')) return new ServerInterceptingCall(call);
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata(metadata, passOn) {
            const { mode, code, ratio, method } = fault();
            const isMeant = method === undefined || path.endsWith(`/${method}`);
            if (mode !== 'fail' || !isMeant || random() >= ratio) return passOn(metadata);
            call.sendStatus({ code: status[code], details: `the sandbox was asked to fail calls with ${code}` });
          },
        }),
    });
  };
}

/** Renames the first RPC of each service in what reflection tells, while the fault is `drift`. */
export function driftReflection(fault: () => Fault): ServerInterceptor {
  return ({ path }, call) => {
    if (!path.startsWith('/grpc.reflection.')) return new ServerInterceptingCall(call);
    return new ServerInterceptingCall(call, {
      sendMessage(message: ReflectionResponse, next) {
        const { fileDescriptorResponse: files } = message;
        if (fault().mode !== 'drift' || files === undefined) return next(message);
        next({ ...message, fileDescriptorResponse: { fileDescriptorProto: files.fileDescriptorProto.map(renamed) } });
      },
    });
  };
}

function renamed(bytes: Uint8Array): Uint8Array {
  const file = fromBinary(FileDescriptorProtoSchema, bytes);
  for (const { method } of file.service) if (method[0] !== undefined) method[0].name += 'Renamed';
  return Buffer.from(toBinary(FileDescriptorProtoSchema, file));
}
