import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import {
  CODEC_OPTIONS,
  kindsMessage,
  readRequest,
  refusalOf,
  requestInput,
  routeFor,
  routeOf,
} from '../../../test/support/request-route.js';
import { shapeService } from '../../../test/support/shapes.js';
import { compileRequestCodec } from './request-codec.js';

describe('field masks in a query', () => {
  const masks = routeFor({ input: kindsMessage('WellKnown'), verb: 'GET' });
  const pathsOf = (query: string) => {
    const bytes = compileRequestCodec(masks, CODEC_OPTIONS).encode(requestInput({ query }));
    return (fromBinary(masks.desc.input, bytes) as unknown as { fieldMask?: { paths: string[] } }).fieldMask?.paths;
  };

  it.each<[query: string, paths: string[]]>([
    ['field_mask=string_value', ['string_value']],
    ['fieldMask=stringValue,a.bC', ['string_value', 'a.b_c']],
    ['fieldMask=string_value,stringValue,*', ['string_value', 'string_value', '*']],
    ['fieldMask=address_line_1,a_b.c_2d', ['address_line_1', 'a_b.c_2d']],
    ['fieldMask=', []],
  ])('are taken in either casing: %s', (query, paths) => {
    expect(pathsOf(query)).toEqual(paths);
  });

  it.each(['a,,b', 'a-b', 'a.', '_a', '1a', 'a b'])('are refused when they are not paths: %s', (mask) => {
    const { errors } = refusalOf(() => readRequest(masks, { query: `fieldMask=${encodeURIComponent(mask)}` }));
    expect(errors).toEqual([{ field: 'fieldMask', detail: expect.stringContaining('expected field paths, got') }]);
  });

  it('are refused when they have too many paths', () => {
    const { errors } = refusalOf(() => readRequest(masks, { query: `fieldMask=${'a,'.repeat(1000)}a` }));
    expect(errors).toEqual([{ field: 'fieldMask', detail: 'a field mask has more than 1000 paths' }]);
  });

  it('are found inside other messages', () => {
    const route = routeFor({ input: kindsMessage('Kinds'), verb: 'GET' });
    expect(readRequest(route, { query: 'child.well_known.field_mask=a_b,cD&id=1' })).toEqual({
      id: '1',
      child: { wellKnown: { fieldMask: 'aB,cD' } },
    });
  });

  it('name the fields to update, as other gateways take them', () => {
    const update = routeOf(shapeService, 'UpdateShape', 'PATCH');
    const shown = readRequest(update, {
      query: 'update_mask=name,tenant_id',
      path: ['a'],
      body: { name: 'b' },
      tenantId: 'acme',
    });
    expect(shown).toMatchObject({ updateMask: 'name,tenantId' });
    const { errors } = refusalOf(() =>
      readRequest(update, { query: 'update_mask=no_such', path: ['a'], body: { name: 'b' } }),
    );
    expect(errors[0]).toEqual({ field: 'updateMask', detail: '"no_such" is no field of Shape' });
  });
});
