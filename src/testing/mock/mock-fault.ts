import type { DescMethod } from '@bufbuild/protobuf';
import type { ReflectMessage } from '@bufbuild/protobuf/reflect';
import type { Metadata } from '@grpc/grpc-js';
import { nearest } from '../../domain/did-you-mean.js';
import { duration } from '../../config/unit-parsers.js';
import { GRPC_CODES, type GrpcCode } from '../../grpc/grpc-code.js';

/** Request metadata that sets the status and the delay of one call. */
const CODE_KEY = 'x-mock-code';
const DELAY_KEY = 'x-mock-delay';
const DELAY = duration({ min: 0, max: 600_000 });
const FAILURES: ReadonlySet<string> = new Set(GRPC_CODES.filter((code) => code !== 'OK'));

/** Fault of the calls of an RPC. */
export interface MockFault {
  /** Undefined: the call succeeds. */
  readonly code: GrpcCode | undefined;
  readonly delayMs: number;
}

/** Thrown for an invalid fault, with the correct syntax. */
export class MockFaultError extends Error {
  override readonly name = 'MockFaultError';
}

/** Faults of RPCs: `Method=CODE` and `Method=300ms`, where `*` and a bare value apply to all RPCs. */
export class MockFaults {
  private readonly codes: ReadonlyMap<string, GrpcCode>;
  private readonly delays: ReadonlyMap<string, number>;

  /** Throws MockFaultError for an RPC that is not served, and for a value that is neither a code nor a duration. */
  constructor(methods: readonly DescMethod[], { fail, delay }: { fail: readonly string[]; delay: readonly string[] }) {
    const targets = (text: string) => namedIn(text, methods);
    this.codes = new Map(fail.flatMap((text) => targets(text).map((path) => [path, parseCode(valueIn(text))])));
    this.delays = new Map(delay.flatMap((text) => targets(text).map((path) => [path, parseDelay(valueIn(text))])));
  }

  /** Returns the fault of a call: from its metadata, otherwise from a status name in place of an ID, otherwise of the RPC. */
  of(method: DescMethod, metadata: Metadata, request?: ReflectMessage): MockFault {
    const path = pathOf(method);
    const told = textOf(metadata, DELAY_KEY);
    const code = textOf(metadata, CODE_KEY) ?? (request && statusInRequest(request));
    return {
      code: code === undefined ? this.codes.get(path) : parseCode(code),
      delayMs: told === undefined ? (this.delays.get(path) ?? 0) : parseDelay(told),
    };
  }
}

/** Returns `/package.Service/Method`. */
export function pathOf({ parent, name }: DescMethod): string {
  return `/${parent.typeName}/${name}`;
}

/** Returns the paths of the RPCs for `Method=…`, `Service/Method=…`, `*=…` or a bare value. */
function namedIn(text: string, methods: readonly DescMethod[]): string[] {
  const name = text.includes('=') ? text.slice(0, text.indexOf('=')) : '*';
  const named = methods.filter((method) => name === '*' || isNamed(method, name));
  if (named.length > 0) return named.map(pathOf);
  const guess = nearest(
    name,
    methods.map((method) => method.name),
  );
  throw new MockFaultError(
    `"${text}": no RPC is called "${name}"${guess === undefined ? '' : `; did you mean ${guess}?`}`,
  );
}

function isNamed({ parent, name: method }: DescMethod, name: string): boolean {
  return name === method || name.replace(/^\//, '').replace('/', '.') === `${parent.typeName}.${method}`;
}

function valueIn(text: string): string {
  return text.slice(text.indexOf('=') + 1);
}

function parseCode(text: string): GrpcCode {
  if (FAILURES.has(text)) return text as GrpcCode;
  throw new MockFaultError(`"${text}" is not a gRPC status that a call fails with; write for example UNAVAILABLE`);
}

function parseDelay(text: string): number {
  try {
    return DELAY.parse(text);
  } catch (error) {
    throw new MockFaultError(error instanceof Error ? error.message : String(error));
  }
}

/** Finds a status name in place of an ID: `GET /api/v1/orders/NOT_FOUND` works through a gateway, which does not forward metadata. */
function statusInRequest(request: ReflectMessage): string | undefined {
  for (const field of request.fields) {
    const value = field.fieldKind === 'scalar' ? request.get(field) : undefined;
    if (typeof value === 'string' && FAILURES.has(value)) return value;
  }
  return undefined;
}

function textOf(metadata: Metadata, key: string): string | undefined {
  const [value] = metadata.get(key);
  return typeof value === 'string' ? value : undefined;
}
