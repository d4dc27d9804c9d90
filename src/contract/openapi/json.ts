/** A value of the OpenAPI document. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** An object of the OpenAPI document or a JSON Schema; undefined members are omitted when it is serialized. */
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}
