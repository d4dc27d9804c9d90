import { type DescField, type DescMethod, fromBinary, getOption, hasOption, toBinary } from '@bufbuild/protobuf';
import { reflect, type ReflectMessage, reflectList } from '@bufbuild/protobuf/reflect';
import type { Metadata } from '@grpc/grpc-js';
import { resolveFieldPath } from '../../contract/field-path.js';
import { policy } from '../../gen/gateway/v1/policy_pb.js';
import { echo, echoFilter } from './echo.js';
import type { ExampleContext, ExampleMessages } from './example-message.js';
import { pagedResponse, pageOf } from './page.js';

const TENANT_KEY = 'x-gateway-tenant';
const DEFAULT_TENANT = 'acme';

/** Builds the responses of one RPC: examples with fields copied from the request. */
export class MockResponses {
  private readonly page;
  private readonly tenantFields: ReadonlySet<DescField>;
  private readonly tenantField: string;

  /** @param total how many items a list has over all its pages. */
  constructor(
    private readonly method: DescMethod,
    private readonly examples: ExampleMessages,
    private readonly total: number,
  ) {
    this.page = pagedResponse(method.output);
    const rules = hasOption(method, policy) ? getOption(method, policy) : undefined;
    this.tenantField = rules?.tenantField ?? '';
    this.tenantFields = new Set((rules?.responseTenantFields ?? []).flatMap((path) => lastField(method, path)));
  }

  /** Decodes a request. Throws for invalid bytes. */
  readRequest(bytes: Uint8Array): ReflectMessage {
    const { input } = this.method;
    return reflect(input, fromBinary(input, bytes));
  }

  /** Encodes a response. @param ordinal its index in a stream, from 1. Throws MockStatus for a page that does not exist. */
  write(request: ReflectMessage, metadata: Metadata, ordinal = 1): Uint8Array {
    const context = { ordinal, tenant: this.tenantOf(request, metadata), tenantFields: this.tenantFields };
    const response = this.examples.write(this.method.output, context);
    if (this.page === undefined) echo(request, response);
    else this.writePage(request, response, context);
    return toBinary(this.method.output, response.message);
  }

  private writePage(request: ReflectMessage, response: ReflectMessage, context: ExampleContext): void {
    if (this.page === undefined) return;
    const { items, nextPageToken } = this.page;
    const { ordinals, nextPageToken: token } = pageOf(request, this.total);
    const list = reflectList(items);
    for (const ordinal of ordinals) {
      const item = this.examples.write(items.message as never, { ...context, ordinal });
      echoFilter(request, item);
      list.add(item);
    }
    response.set(items, list);
    response.set(nextPageToken, token);
    const total = response.fields.find(({ name, fieldKind }) => name === 'total_size' && fieldKind === 'scalar');
    if (total !== undefined) response.set(total, this.total);
  }

  /** Returns the tenant that the gateway has set: in the request, otherwise in the metadata. */
  private tenantOf(request: ReflectMessage, metadata: Metadata): string {
    const field = request.fields.find(({ name, fieldKind }) => name === this.tenantField && fieldKind === 'scalar');
    const bound = field && request.get(field);
    if (typeof bound === 'string' && bound !== '') return bound;
    const [told] = metadata.get(TENANT_KEY);
    return typeof told === 'string' && told !== '' ? decode(told) : DEFAULT_TENANT;
  }
}

function lastField({ output }: DescMethod, path: string): DescField[] {
  const fields = resolveFieldPath(output, path);
  return typeof fields === 'string' ? [] : fields.slice(-1);
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
