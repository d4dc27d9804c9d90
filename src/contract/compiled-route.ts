import type { RequestCodec, ResponseWriter } from './codec.js';
import type { EtagReader } from './entity-tags.js';
import type { HttpBodyReader } from './http-body.js';
import type { Route } from './route.js';

/** A route with everything that a request on it needs, compiled at boot. */
export interface CompiledRoute {
  readonly route: Route;
  readonly requestCodec: RequestCodec;
  readonly responseWriter: ResponseWriter;
  /** True if the body of the request is a google.api.HttpBody, so that any media type is accepted unchanged. */
  readonly takesRawBody: boolean;
  /** Deprecation headers of each response; undefined for an RPC that is not deprecated. */
  readonly deprecation: Readonly<Record<string, string>> | undefined;
  /**
   * Reads the content of a response that is a google.api.HttpBody; undefined for a response that is written as JSON.
   */
  readonly httpBody: HttpBodyReader | undefined;
  /** Undefined if the backend has no entity tags. */
  readonly readEtag?: EtagReader | undefined;
}
