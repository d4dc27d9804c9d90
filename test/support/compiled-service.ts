import { create, fromBinary, toBinary, toJson } from '@bufbuild/protobuf';
import type { JsonValue, MessageInitShape, DescMessage } from '@bufbuild/protobuf';
import { readComments } from '../../src/contract/comments.js';
import type { CompiledRoute } from '../../src/contract/compiled-route.js';
import { compileRoutes } from '../../src/contract/contract.js';
import { buildOpenApi, type OpenApiDocument } from '../../src/contract/openapi/document.js';
import { buildRouteTable } from '../../src/contract/route-table.js';
import type { FieldViolation } from '../../src/domain/errors.js';
import type { CompiledProto } from './compile-proto.js';
import { refusalOf, requestInput } from './request-route.js';

type Request = Parameters<typeof requestInput>[0];

/** Codecs and document of one service of a compiled proto, as a gateway that mounts it would have them. */
export class CompiledService {
  readonly problems: readonly string[];
  readonly routes: readonly CompiledRoute[];

  constructor(
    private readonly proto: CompiledProto,
    service: string,
  ) {
    const table = buildRouteTable([proto.service(service)]);
    const options = { emitDefaults: true, maxDepth: 64, maxKeys: 1000 };
    const { compiled, problems } = compileRoutes(table.routes, proto.registry, options);
    this.problems = [...table.problems, ...problems].map(({ message }) => message);
    this.routes = compiled;
  }

  /** The message that the backend is sent, in canonical JSON. */
  read(name: string, request: Request, verb?: string): JsonValue {
    const { requestCodec, route } = this.route(name, verb);
    const message = fromBinary(route.desc.input, requestCodec.encode(requestInput(request)));
    return toJson(route.desc.input, message, { registry: this.proto.registry });
  }

  /** Why a request is refused, place by place. */
  refuse(name: string, request: Request, verb?: string): readonly FieldViolation[] {
    const error = refusalOf(() => this.read(name, request, verb));
    if (error.status !== 400) throw error;
    return error.errors;
  }

  /** What a client sees of a response. */
  write(name: string, message: MessageInitShape<DescMessage>): unknown {
    const { responseWriter, route } = this.route(name);
    const bytes = toBinary(route.desc.output, create(route.desc.output, message));
    return JSON.parse(responseWriter.write(bytes, '').toString());
  }

  document(): OpenApiDocument {
    const routes = this.routes.map(({ route }) => route);
    const comments = readComments(this.proto.registry);
    return JSON.parse(JSON.stringify(buildOpenApi({ routes, comments, version: '1', emitDefaults: true }))) as never;
  }

  private route(name: string, verb?: string): CompiledRoute {
    const isMeant = ({ route }: CompiledRoute) =>
      route.method.name === name && (verb === undefined || verb === route.verb);
    const found = this.routes.find(isMeant);
    if (found === undefined) throw new Error(`no route for ${name}: ${this.problems.join('; ')}`);
    return found;
  }
}
