import { describe, expect, it } from 'vitest';
import { OpenApiReader } from '../../../test/support/openapi.js';
import { testRegistry } from '../../../test/support/shapes.js';
import { ERROR_CODES } from '../../domain/errors.js';
import { readComments } from '../comments.js';
import { loadDescriptors } from '../descriptors.js';
import { buildRouteTable } from '../route-table.js';
import { buildOpenApi } from './document.js';

const builtIn = loadDescriptors();
const comments = new Map([...builtIn.comments, ...readComments(testRegistry)]);
const services = [...builtIn.services, ...[...testRegistry].filter((type) => type.kind === 'service')];
const { routes } = buildRouteTable(services);
const document = buildOpenApi({ routes, comments, version: '1', emitDefaults: true });
const reader = new OpenApiReader(document);

describe('an operation', () => {
  it('asks for a credential where the policy does, and says which permissions', () => {
    expect(reader.operation('AuthService_Login').security).toEqual([]);
    expect(reader.operation('UserService_GetUser')).toMatchObject({
      security: [{ bearer: [] }, { apiKey: [] }],
      'x-required-permissions': ['user.read'],
    });
    expect(reader.operation('ShapeService_ReplacePages')).toMatchObject({ 'x-granting-roles': ['editor'] });
    const open = routes.filter((route) => route.method.policy.access === 'OPEN');
    expect(reader.operations.filter((each) => each.operation.security.length === 0)).toHaveLength(open.length);
  });

  it('says how it fails', () => {
    for (const { operation } of reader.operations) {
      const statuses = Object.keys(operation.responses);
      expect(statuses).toEqual(expect.arrayContaining(['400', '404', '429', '500', '502', '503', '504']));
    }
    expect(Object.keys(reader.operation('UserService_CreateUser').responses)).toEqual(
      expect.arrayContaining(['201', '401', '403', '409', '413', '415']),
    );
    expect(Object.keys(reader.operation('AuthService_Login').responses)).toContain('401');
    expect(Object.keys(reader.operation('ShapeService_GetFile').responses)).not.toContain('401');
  });

  it('fails with problem details that know every code', () => {
    expect(reader.schema('Problem').properties.code?.enum?.toSorted()).toEqual(Object.keys(ERROR_CODES).toSorted());
    expect(reader.resolve('#/components/responses/Problem403')).toMatchObject({
      description: expect.stringContaining('`TENANT_MISMATCH`'),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    });
  });

  it('takes its words from the comments of the proto', () => {
    expect(reader.operation('ShapeService_ListShapes')).toMatchObject({
      summary: 'Lists shapes',
      description: 'Lists shapes. The filter has nested and repeated fields.',
      tags: ['ShapeService'],
    });
    expect(document.tags).toContainEqual({ name: 'UserService', description: 'Manages the users of each tenant.' });
  });

  it('lists as query parameters what neither path nor body nor gateway sets', () => {
    expect(reader.parameterNames('ShapeService_ListShapes', 'query')).toEqual([
      'filter.name',
      'filter.createdAfter',
      'filter.archived',
      'filter.labels',
      'pageSize',
      'sizes',
    ]);
    expect(reader.parameterNames('UserService_UpdateUser', 'query')).toEqual(['updateMask']);
    expect(reader.parameterNames('ShapeService_RotateShape', 'query')).toEqual([]);
    const names = reader.parameterNames('ShapeService_EchoKinds_3', 'query');
    expect(names).toEqual(expect.arrayContaining(['text', 'wrapped', 'colors', 'second.text']));
    for (const name of ['number', 'inner.text', 'inners', 'object', 'child.text']) expect(names).not.toContain(name);
  });

  it('describes maps as objects whose keys are in brackets', () => {
    const { parameters } = reader.operation('ShapeService_ListShapes');
    expect(parameters).toContainEqual({
      name: 'filter.labels',
      in: 'query',
      description: 'As a query parameter: `filter.labels[team]=a`.',
      schema: { type: 'object', additionalProperties: { type: 'string' } },
      style: 'deepObject',
      explode: true,
    });
  });

  it('describes raw content by its media type alone', () => {
    const content = { '*/*': {} };
    const received = reader.operation('ShapeService_ReceiveContent');
    expect(received).toMatchObject({ requestBody: { content }, responses: { 200: { content } } });
    expect(reader.operation('ShapeService_StreamFile').responses[200]).toMatchObject({ content });
  });

  it('writes a pattern of several segments as one parameter a wildcard', () => {
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        '/shapes/v1/shelves/{name.shelves}/books/{name.books}',
        '/shapes/v1/files/{path}:download',
        '/shapes/v1/{segment3}/shapes/{id}',
        '/api/v1/ai:stream',
      ]),
    );
    expect(reader.operation('ShapeService_GetFile').parameters).toContainEqual(
      expect.objectContaining({ 'x-multi-segment': true }),
    );
  });

  it('may use a method that OpenAPI 3.1 has no word for', () => {
    expect(document.paths['/shapes/v1/books']).toMatchObject({
      'x-additional-operations': { REPORT: { operationId: 'ShapeService_FindBooks' } },
    });
  });

  it('answers with one field, nothing, any media type or a stream', () => {
    expect(reader.operation('ShapeService_ListPages').responses['200']).toMatchObject({
      content: { 'application/json': { schema: { type: 'array' } } },
    });
    expect(reader.mediaTypes('ShapeService_UploadFile', '204')).toEqual([]);
    expect(reader.mediaTypes('ShapeService_DownloadFile', '200')).toEqual(['*/*']);
    const streamed = ['text/event-stream', 'application/x-ndjson', 'application/json'];
    expect(reader.mediaTypes('AIService_StreamQuery', '200')).toEqual(streamed);
  });
});

describe('the schema of a message', () => {
  it('leaves out redacted, protected and bound fields', () => {
    expect(JSON.stringify(document)).not.toMatch(/password_?hash|client_?secret/i);
    expect(Object.keys(reader.schema('user.v1.User').properties)).toContain('tenantId');
    const writable = Object.keys(reader.schema('user.v1.User-request').properties);
    expect(writable).toContain('email');
    for (const name of ['id', 'tenantId']) expect(writable).not.toContain(name);
    expect(Object.keys(reader.schema('user.v1.CreateUserRequest').properties)).not.toContain('tenantId');
    expect(Object.keys(reader.schema('shapes.v1.RotateShapeRequest').properties)).toEqual(['degrees']);
  });

  it('tells the forms of proto3 JSON', () => {
    expect(reader.schema('shapes.v1.Kinds').properties).toMatchObject({
      number: { type: 'string', format: 'int64' },
      data: { type: 'string', contentEncoding: 'base64' },
      color: { $ref: '#/components/schemas/shapes.v1.Color' },
      time: { type: 'string', format: 'date-time' },
      duration: { type: 'string', pattern: expect.any(String) },
      object: { type: 'object', additionalProperties: true },
      any: { required: ['@type'] },
      wrapped: { type: ['string', 'null'] },
      nothing: { type: 'null' },
      tags: { type: 'array', items: { type: 'string' } },
      inners: { type: 'object', additionalProperties: { $ref: '#/components/schemas/shapes.v1.Inner' } },
      flags: { propertyNames: { pattern: '^-?[0-9]+$' }, additionalProperties: { type: 'boolean' } },
      child: { $ref: '#/components/schemas/shapes.v1.Kinds' },
      first: { description: 'Excludes `second`.' },
      old: { deprecated: true },
    });
    expect(reader.schema('shapes.v1.Color')).toEqual({ type: 'string', enum: ['COLOR_UNSPECIFIED', 'COLOR_RED'] });
    expect(reader.schema('user.v1.UserStatus').description).toContain('- `USER_STATUS_ACTIVE`: May sign in.');
    expect(reader.schema('shapes.v1.Book').description).toBe('A book.\n\nIt has pages.');
  });

  it('requires of a response what is always written', () => {
    const { required } = reader.schema('shapes.v1.Kinds');
    expect(required).toEqual(expect.arrayContaining(['text', 'number', 'tags', 'inners']));
    for (const name of ['inner', 'maybe', 'first', 'wrapped']) expect(required).not.toContain(name);
    const sparse = new OpenApiReader(buildOpenApi({ routes, comments, version: '1', emitDefaults: false }));
    expect(sparse.schema('shapes.v1.Kinds').required).toBeUndefined();
  });
});
