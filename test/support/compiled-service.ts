import { create, fromBinary, toBinary, toJson } from '@bufbuild/protobuf';
import type { DescMessage, FileRegistry, JsonValue, MessageInitShape } from '@bufbuild/protobuf';
import { readComments } from '../../src/contract/comments.js';
import type { CompiledRoute } from '../../src/contract/compiled-route.js';
import { compileRoutes, loadTypes, type MessageTypes } from '../../src/contract/contract.js';
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

  static async compile(proto: CompiledProto, service: string): Promise<CompiledService> {
    const table = buildRouteTable([proto.service(service)]);
    return new CompiledService(await loadTypes(table.routes, proto.registry), table);
  }

  private constructor(
    private readonly types: MessageTypes,
    table: ReturnType<typeof buildRouteTable>,
  ) {
    const options = { emitDefaults: true, maxDepth: 64, maxKeys: 1000 };
    const { compiled, problems } = compileRoutes(table.routes, types, options);
    this.problems = [...table.problems, ...problems].map(({ message }) => message);
    this.routes = compiled;
  }

  get rules(): MessageTypes['rules'] {
    return this.types.rules;
  }

  /**
   * The message that the backend is sent, in canonical JSON.
   * @param way verb or template of one of several routes.
   */
  read(name: string, request: Request, way?: string): JsonValue {
    const { requestCodec, route } = this.route(name, way);
    const message = fromBinary(route.desc.input, requestCodec.encode(requestInput(request)));
    return toJson(route.desc.input, message, { registry: this.types.registry });
  }

  /** Returns the violations of a request, by field. */
  refuse(name: string, request: Request, way?: string): readonly FieldViolation[] {
    const error = refusalOf(() => this.read(name, request, way));
    if (error.status !== 400) throw error;
    return error.errors;
  }

  /** Returns a response as a client sees it. */
  write(name: string, message: MessageInitShape<DescMessage>): unknown {
    const { responseWriter, route } = this.route(name);
    const bytes = toBinary(route.desc.output, create(route.desc.output, message));
    return JSON.parse(responseWriter.write(bytes, '').toString());
  }

  document(): OpenApiDocument {
    const routes = this.routes.map(({ route }) => route);
    const { registry, rules } = this.types;
    const comments = readComments(registry as FileRegistry);
    return JSON.parse(
      JSON.stringify(buildOpenApi({ routes, comments, rules, version: '1', emitDefaults: true })),
    ) as never;
  }

  private route(name: string, way?: string): CompiledRoute {
    const isMeant = ({ route }: CompiledRoute) =>
      route.method.name === name && (way === undefined || way === route.verb || way === route.template);
    const found = this.routes.find(isMeant);
    if (found === undefined) throw new Error(`no route for ${name}: ${this.problems.join('; ')}`);
    return found;
  }
}
