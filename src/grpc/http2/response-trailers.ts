import type { ResponseMetadata } from '../grpc-failure.js';
import { RESPONSE_FIELDS } from './response-fields.js';
import type { HeaderValues } from './stream.js';

/** The trailers of a failed call, decoded only when somebody asks. */
export class ResponseTrailers implements ResponseMetadata {
  private readonly values: HeaderValues;

  /** @param values of the header block; they are copied. */
  constructor(values: HeaderValues) {
    this.values = [...values];
  }

  get(key: string): (string | Buffer)[] {
    const value = this.values[RESPONSE_FIELDS.slotOf(key)];
    if (value === undefined) return [];
    return key.endsWith('-bin') ? value.split(',').map((each) => Buffer.from(each, 'base64')) : [value];
  }
}
