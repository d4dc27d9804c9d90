import type { RequestCodec, ResponseWriter } from './codec.js';
import type { EtagReader } from './entity-tags.js';
import type { HttpBodyReader } from './http-body.js';
import type { Route } from './route.js';

/** A route with all that a request on it needs, compiled at boot. */
export interface CompiledRoute {
  readonly route: Route;
  readonly requestCodec: RequestCodec;
  readonly responseWriter: ResponseWriter;
  /** Any media type is taken as it is: the body of the request is a google.api.HttpBody. */
  readonly takesRawBody: boolean;
  /** Headers of each response that say when the RPC is given up; undefined if it is not. */
  readonly deprecation: Readonly<Record<string, string>> | undefined;
  /** Takes the content out of a response that is a google.api.HttpBody; undefined for one that is written as JSON. */
  readonly httpBody: HttpBodyReader | undefined;
  /** Undefined: the backend has no entity tags. */
  readonly readEtag?: EtagReader | undefined;
}
