import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { OpenApiReader } from '../../../test/support/openapi.js';
import { shapesWith, testRegistry } from '../../../test/support/shapes.js';
import { readComments } from '../comments.js';
import { loadDescriptors } from '../descriptors.js';
import { buildRouteTable } from '../route-table.js';
import { buildOpenApi } from './document.js';
import { addExtraOperations } from './extra-operations.js';
import type { JsonObject } from './json.js';

const builtIn = loadDescriptors();
const comments = new Map([...builtIn.comments, ...readComments(testRegistry)]);
const services = [...builtIn.services, ...[...testRegistry].filter((type) => type.kind === 'service')];
const { routes } = buildRouteTable(services);
const document = buildOpenApi({ routes, comments, version: '1.2.3', emitDefaults: true });
const reader = new OpenApiReader(document);

/** A strict validator that knows the components by their references. */
function makeAjv(): Ajv2020 {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
  addFormats.default(ajv);
  for (const format of ['uint32', 'uint64']) ajv.addFormat(format, true);
  ajv.addSchema({ $id: 'doc', $defs: absolute(reader.schemas) }, 'doc');
  return ajv;
}

/** Schemas refer to components of the document; ajv is told where that is. */
function absolute(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value).replaceAll('"#/components/schemas/', '"doc#/$defs/')) as JsonObject;
}

/** Every example in the document, with the schema beside it. */
function listExamples(): { schema: unknown; value: unknown }[] {
  return [...reader.objects()].flatMap(({ schema, example, examples }) => {
    const values = Object.values((examples ?? {}) as Record<string, { value: unknown }>).map((each) => each.value);
    return schema === undefined
      ? []
      : [...(example === undefined ? [] : [example]), ...values].map((value) => ({ schema, value }));
  });
}

describe('the OpenAPI document', () => {
  it('says what it is, in JSON', () => {
    expect(document).toMatchObject({ openapi: '3.1.1', info: { title: 'api-gateway', version: '1.2.3' } });
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });

  it('describes every route once and nothing else', () => {
    expect(reader.operations).toHaveLength(routes.length);
  });

  it('gives every operation an id of its own', () => {
    const ids = reader.operations.map((each) => each.operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain('UserService_UpdateUser_2');
  });

  it('refers only to what is there', () => {
    const references = [...reader.objects()].flatMap(({ $ref }) => (typeof $ref === 'string' ? [$ref] : []));
    expect(references.length).toBeGreaterThan(100);
    expect(references.filter((reference) => reader.resolve(reference) === undefined)).toEqual([]);
  });

  it('has a use and a valid name for every schema', () => {
    const text = JSON.stringify(document);
    const names = Object.keys(reader.schemas);
    expect(names.filter((name) => !text.includes(`"#/components/schemas/${name}"`))).toEqual([]);
    expect(names.filter((name) => !/^[\w.-]+$/.test(name))).toEqual([]);
  });

  it('holds schemas that a strict validator of JSON Schema 2020-12 accepts', () => {
    const ajv = makeAjv();
    for (const name of Object.keys(reader.schemas)) {
      expect(() => ajv.compile({ $ref: `doc#/$defs/${name}` })).not.toThrow();
    }
  });

  it('gives examples that fit their schemas', () => {
    const ajv = makeAjv();
    const examples = listExamples();
    expect(examples.length).toBeGreaterThan(100);
    for (const { schema, value } of examples) {
      const validate = ajv.compile(absolute(schema));
      expect({ value, valid: validate(value), errors: validate.errors }).toMatchObject({ valid: true });
    }
  });

  it('names each parameter of a path', () => {
    for (const { path, operation } of reader.operations) {
      const named = [...path.matchAll(/\{([^}]+)\}/g)].map((match) => match[1]);
      expect(reader.parameterNames(operation.operationId, 'path')).toEqual(named);
      const parameters = (operation.parameters ?? []).filter((each) => 'name' in each);
      expect(parameters.filter((each) => each.in === 'path' && each.required !== true)).toEqual([]);
      expect(new Set(parameters.map((each) => `${each.in} ${each.name}`)).size).toBe(parameters.length);
    }
  });

  it('has no two paths that differ in the names of parameters alone', () => {
    const shapes = Object.keys(document.paths).map((path) => path.replaceAll(/\{[^}]+\}/g, '{}'));
    expect(new Set(shapes).size).toBe(shapes.length);
  });

  it('tells services of one name apart', () => {
    const get = { pattern: { case: 'get', value: '/other/{path}' } } as const;
    const other = Object.assign(shapesWith({ GetFile: { http: get } }), { typeName: 'other.v1.ShapeService' });
    const two = buildRouteTable([...services, other]).routes;
    const { operations } = new OpenApiReader(buildOpenApi({ routes: two, comments, version: '1', emitDefaults: true }));
    const ids = operations.map((each) => each.operation.operationId).filter((id) => id.endsWith('GetFile'));
    expect(ids.toSorted()).toEqual(['other_v1_ShapeService_GetFile', 'shapes_v1_ShapeService_GetFile']);
  });

  it('keeps templates that OpenAPI cannot tell apart', () => {
    const get = (value: string) => ({ policy: { access: 1 }, http: { pattern: { case: 'get' as const, value } } });
    const service = shapesWith({ GetFile: get('/v1/{path=**}'), GetBook: get('/v1/{name}') });
    const { paths } = buildOpenApi({ ...buildRouteTable([service]), comments, version: '1', emitDefaults: true });
    expect(Object.keys(paths)).toHaveLength(1);
    expect(JSON.stringify(paths)).toContain('ShapeService_GetFile');
    expect(JSON.stringify(paths)).toContain('ShapeService_GetBook');
  });

  it('takes operations that no proto describes', () => {
    const operation = { operationId: 'me', responses: { '200': { description: 'You.' } } };
    const me = { verb: 'GET', path: '/api/v1/me', operation, problems: [401] };
    const extended = addExtraOperations(document, [me]);
    expect(extended.paths['/api/v1/me']).toMatchObject({
      get: { operationId: 'me', responses: { '200': {}, '401': { $ref: '#/components/responses/Problem401' } } },
    });
    expect(document.paths).not.toHaveProperty('/api/v1/me');
    expect(() => addExtraOperations(extended, [me])).toThrow('GET /api/v1/me is described twice');
  });
});
