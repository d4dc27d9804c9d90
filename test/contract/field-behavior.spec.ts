import { afterAll, describe, expect, it } from 'vitest';
import { compileProto } from '../support/compile-proto.js';
import { CompiledService } from '../support/compiled-service.js';
import { OpenApiReader } from '../support/openapi.js';

const proto = compileProto(`
enum Kind {
  KIND_UNSPECIFIED = 0;
  KIND_BOOK = 1;
}
message Address {
  string city = 1 [(google.api.field_behavior) = REQUIRED];
  string street = 2;
  string checked_by = 3 [(google.api.field_behavior) = OUTPUT_ONLY];
}
message Order {
  string id = 1 [(google.api.field_behavior) = OUTPUT_ONLY];
  string title = 2 [(google.api.field_behavior) = REQUIRED];
  Kind kind = 3 [(google.api.field_behavior) = REQUIRED];
  int32 amount = 4 [(google.api.field_behavior) = REQUIRED];
  repeated string tags = 5 [(google.api.field_behavior) = REQUIRED];
  map<string, string> labels = 6;
  Address address = 7;
  repeated Address others = 8;
  string currency = 9 [(google.api.field_behavior) = IMMUTABLE];
  string card = 10 [(google.api.field_behavior) = INPUT_ONLY];
  Address audit = 11 [(google.api.field_behavior) = OUTPUT_ONLY];
  string owner = 12 [(google.api.field_behavior) = REQUIRED, (gateway.v1.field).protected = true];
  optional string note = 13 [(google.api.field_behavior) = REQUIRED];
  oneof payment {
    string iban = 14;
    string receipt = 15 [(google.api.field_behavior) = OUTPUT_ONLY];
  }
}
message CreateOrderRequest {
  Order order = 1 [(google.api.field_behavior) = REQUIRED];
  string request_id = 2 [(google.api.field_behavior) = REQUIRED];
}
message UpdateOrderRequest {
  string id = 1 [(google.api.field_behavior) = REQUIRED];
  Order order = 2 [(google.api.field_behavior) = REQUIRED];
  google.protobuf.FieldMask update_mask = 3;
}
message GetOrderRequest {
  string id = 1 [(google.api.field_behavior) = REQUIRED];
  string view = 2;
  string etag = 3 [(google.api.field_behavior) = OUTPUT_ONLY];
}
message SearchRequest { string query = 1 [(google.api.field_behavior) = REQUIRED]; }
service OrderService {
  rpc CreateOrder(CreateOrderRequest) returns (Order) {
    option (google.api.http) = {post: "/v1/orders", body: "order"};
    option (gateway.v1.policy) = {access: ACCESS_OPEN};
  }
  rpc UpdateOrder(UpdateOrderRequest) returns (Order) {
    option (google.api.http) = {
      patch: "/v1/orders/{id}", body: "order"
      additional_bindings {put: "/v1/orders/{id}", body: "order"}
    };
    option (gateway.v1.policy) = {access: ACCESS_OPEN};
  }
  rpc GetOrder(GetOrderRequest) returns (Order) {
    option (google.api.http) = {get: "/v1/orders/{id}"};
    option (gateway.v1.policy) = {access: ACCESS_OPEN};
  }
  rpc Search(SearchRequest) returns (Order) {
    option (google.api.http) = {get: "/v1/orders"};
    option (gateway.v1.policy) = {access: ACCESS_OPEN};
  }
}
service Contradictory {
  rpc Send(GetOrderRequest) returns (Order) {
    option (google.api.http) = {post: "/v1/bad", body: "etag", response_body: "card"};
    option (gateway.v1.policy) = {access: ACCESS_OPEN};
  }
}
`);
const orders = await CompiledService.compile(proto, 'OrderService');
afterAll(() => proto.remove());

const ORDER = { title: 'A', kind: 'KIND_BOOK', amount: 1, tags: ['x'], note: '' };
const query = 'requestId=1';
const required = (...fields: string[]) => fields.map((field) => ({ field, detail: 'is required' }));

describe('a REQUIRED field', () => {
  it.each<[what: string, body: object | undefined, fields: string[]]>([
    ['nothing at all', undefined, ['body']],
    ['an empty body', {}, ['title', 'kind', 'amount', 'tags', 'note']],
    ['nulls', { ...ORDER, title: null, amount: null, note: null }, ['title', 'amount', 'note']],
    ['empty values', { ...ORDER, title: '', tags: [], kind: 'KIND_UNSPECIFIED' }, ['title', 'kind', 'tags']],
    ['the number of no kind', { ...ORDER, kind: 0 }, ['kind']],
    ['a message without its own', { ...ORDER, address: { street: 'x' } }, ['address.city']],
    ['an element without its own', { ...ORDER, others: [{ city: 'a' }, {}] }, ['others[1].city']],
  ])('is missing from %s', (_what, body, fields) => {
    expect(orders.refuse('CreateOrder', { body, query })).toEqual(required(...fields));
  });

  it('is named where the client writes it: in the query', () => {
    expect(orders.refuse('CreateOrder', { body: ORDER })).toEqual(required('requestId'));
    expect(orders.refuse('Search', {})).toEqual(required('query'));
    expect(orders.refuse('Search', { query: 'query=' })).toEqual(required('query'));
    expect(orders.read('Search', { query: 'query=a' })).toEqual({ query: 'a' });
  });

  it('may be 0 or an empty text that is told from its absence', () => {
    expect(orders.read('CreateOrder', { body: { ...ORDER, amount: 0 }, query })).toMatchObject({ order: { note: '' } });
  });

  it.each<[what: string, mask: string | undefined, order: object, fields: string[]]>([
    ['the body names others', undefined, { amount: 2 }, []],
    ['the body empties it', undefined, { title: '' }, ['title']],
    ['the mask names it and the body does not', 'title,amount', { amount: 1 }, ['title']],
    ['the mask names its message', 'address', { address: { street: 'x' } }, ['address.city']],
    ['the mask names another in its message', 'address.street', { address: { street: 'x' } }, []],
    ['the mask names everything', '*', { title: 'A' }, ['kind', 'amount', 'tags', 'note']],
  ])('of an update is missing only where it is changed: %s', (_what, mask, body, fields) => {
    const request = { path: ['7'], body, ...(mask === undefined ? {} : { query: `updateMask=${mask}` }) };
    if (fields.length === 0) expect(orders.read('UpdateOrder', request, 'PATCH')).toMatchObject({ order: body });
    else expect(orders.refuse('UpdateOrder', request, 'PATCH')).toEqual(required(...fields));
  });

  it('must be there in a replacement', () => {
    expect(orders.refuse('UpdateOrder', { path: ['7'], body: { title: 'A' } }, 'PUT')).toContainEqual({
      field: 'amount',
      detail: 'is required',
    });
  });
});

describe('an OUTPUT_ONLY field', () => {
  it('is ignored in a request, whatever it holds and wherever it is', () => {
    const body = {
      ...ORDER,
      id: 12,
      audit: [true],
      receipt: 'r',
      iban: 'i',
      address: { city: 'c', checked_by: null },
    };
    expect(orders.read('CreateOrder', { body, query })).toEqual({
      requestId: '1',
      order: { ...ORDER, iban: 'i', address: { city: 'c' } },
    });
  });

  it('is ignored as a parameter, with the rest of the query read as ever', () => {
    expect(orders.read('GetOrder', { path: ['7'], query: 'etag=x&view=full' })).toEqual({ id: '7', view: 'full' });
  });

  it.each([
    ['amount,id', 'amount'],
    ['id,amount,audit.city', 'amount'],
  ])('is ignored in a mask: %s', (mask, kept) => {
    const request = { path: ['7'], body: { amount: 1 }, query: `updateMask=${mask}` };
    expect(orders.read('UpdateOrder', request, 'PATCH')).toMatchObject({ updateMask: kept });
  });

  it('leaves no mask that would change everything', () => {
    const request = { path: ['7'], body: { amount: 1 }, query: 'updateMask=id' };
    expect(orders.refuse('UpdateOrder', request, 'PATCH')).toEqual([
      { field: 'updateMask', detail: 'names nothing that a request can change' },
    ]);
    expect(orders.refuse('UpdateOrder', { path: ['7'], body: { id: 'x' } }, 'PATCH')).toEqual([
      { field: 'body', detail: 'expected at least one field to change' },
    ]);
  });
});

describe('an IMMUTABLE field', () => {
  it('is set when its resource is created', () => {
    const body = { ...ORDER, currency: 'EUR' };
    expect(orders.read('CreateOrder', { body, query })).toMatchObject({ order: { currency: 'EUR' } });
  });

  it.each([
    ['in a mask', 'updateMask=currency', { amount: 1 }, 'updateMask'],
    ['in a body that is the mask', '', { currency: 'EUR' }, 'currency'],
  ])('may not be changed: %s', (_what, text, body, field) => {
    const [violation] = orders.refuse('UpdateOrder', { path: ['7'], body, query: text }, 'PATCH');
    expect(violation).toEqual({ field, detail: expect.stringContaining('is immutable') });
  });

  it('is kept where it is given beside a mask that does not name it', () => {
    const request = { path: ['7'], body: { amount: 1, currency: 'EUR' }, query: 'updateMask=amount' };
    expect(orders.read('UpdateOrder', request, 'PATCH')).toMatchObject({ updateMask: 'amount' });
  });
});

describe('an INPUT_ONLY field', () => {
  it('is taken and never shown', () => {
    const body = { ...ORDER, card: '4242' };
    expect(orders.read('CreateOrder', { body, query })).toMatchObject({ order: { card: '4242' } });
    const shown = orders.write('GetOrder', { id: '7', card: '4242' }) as object;
    expect(shown).toMatchObject({ id: '7' });
    expect(shown).not.toHaveProperty('card');
  });
});

describe('the document', () => {
  const reader = new OpenApiReader(orders.document());
  const properties = (name: string) => reader.schema(name).properties;

  it('requires what a whole resource must have, and of an update nothing', () => {
    expect(reader.schema('extra.v1.Order-request').required).toEqual(['title', 'kind', 'amount', 'tags', 'note']);
    expect(reader.schema('extra.v1.Order-update').required).toBeUndefined();
    expect(reader.schema('extra.v1.Order-update').properties).toMatchObject({
      address: { anyOf: [{ $ref: '#/components/schemas/extra.v1.Address-update' }, { type: 'null' }] },
      others: { items: { $ref: '#/components/schemas/extra.v1.Address-request' } },
    });
    expect(reader.operation('OrderService_CreateOrder')).toMatchObject({
      requestBody: { required: true },
      parameters: expect.arrayContaining([expect.objectContaining({ name: 'requestId', required: true })]),
    });
  });

  it('says which fields are for reading, for writing, and empty for nobody', () => {
    expect(properties('extra.v1.Order-request')).toMatchObject({
      id: { readOnly: true },
      card: { writeOnly: true },
      title: { minLength: 1 },
      tags: { minItems: 1 },
      currency: { description: 'Cannot be changed later.' },
    });
    expect(properties('extra.v1.Order-request').note).not.toHaveProperty('minLength');
    expect(properties('extra.v1.Order')).toMatchObject({ id: { readOnly: true } });
    expect(properties('extra.v1.Order')).not.toHaveProperty('card');
    expect(reader.parameterNames('OrderService_GetOrder', 'query')).toEqual(['view']);
  });
});

describe('a binding that contradicts a behavior', () => {
  it.each([/body "etag": it is OUTPUT_ONLY/, /response_body "card": it is INPUT_ONLY/])(
    'is refused: %s',
    async (reason) => {
      expect((await CompiledService.compile(proto, 'Contradictory')).problems.join('\n')).toMatch(reason);
    },
  );
});
