import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import type { ReflectMessage } from '@bufbuild/protobuf/reflect';
import { MockStatus } from './mock-status.js';

const DEFAULT_SIZE = 10;
const MAX_SIZE = 100;
const TOKEN = /^after:(\d{1,9})$/;

/** Response that is a page of a list (AIP-158). */
export interface PagedResponse {
  readonly items: DescField & { readonly fieldKind: 'list' };
  readonly nextPageToken: DescField;
}

/** Range of items of a page, counted from 1, and the token of the next page. */
export interface Page {
  readonly ordinals: readonly number[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

/** Finds the list of a response with a `next_page_token`; undefined for other responses. */
export function pagedResponse(type: DescMessage): PagedResponse | undefined {
  const nextPageToken = type.fields.find(
    ({ name, scalar }) => name === 'next_page_token' && scalar === ScalarType.STRING,
  );
  const items = type.fields.find((field) => field.fieldKind === 'list' && field.listKind === 'message');
  return nextPageToken === undefined || items?.fieldKind !== 'list' ? undefined : { items, nextPageToken };
}

/** Reads `page_size` and `page_token` of a request. Throws MockStatus INVALID_ARGUMENT for invalid values. */
export function pageOf(request: ReflectMessage, total: number): Page {
  const asked = Number(valueOf(request, 'page_size') ?? 0);
  if (asked < 0) throw MockStatus.invalid('page_size', 'must not be negative');
  const size = asked === 0 ? DEFAULT_SIZE : Math.min(asked, MAX_SIZE);
  const start = startOf(valueOf(request, 'page_token'));
  const end = Math.min(total, start + size);
  const ordinals = Array.from({ length: Math.max(0, end - start) }, (_, index) => start + index + 1);
  return { ordinals, nextPageToken: end < total ? Buffer.from(`after:${end}`).toString('base64url') : '' };
}

function startOf(token: unknown): number {
  if (typeof token !== 'string' || token === '') return 0;
  const [, start] = TOKEN.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  if (start === undefined) throw MockStatus.invalid('page_token', 'is not a token of an earlier page');
  return Number(start);
}

function valueOf(request: ReflectMessage, name: string): unknown {
  const field = request.fields.find((each) => each.name === name && each.fieldKind === 'scalar');
  return field && request.get(field);
}
