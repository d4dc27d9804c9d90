/** A value of the OpenAPI document. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** An object of the OpenAPI document or a JSON Schema; members that are undefined are left out when it is written. */
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}
