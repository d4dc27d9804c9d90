import type { RequestCodec, ResponseWriter } from './codec.js';
import type { Route } from './route.js';

/** A route with all that a request on it needs, compiled at boot. */
export interface CompiledRoute {
  readonly route: Route;
  readonly requestCodec: RequestCodec;
  readonly responseWriter: ResponseWriter;
  /** The response is a google.api.HttpBody: its bytes leave as they are, with their own content type. */
  readonly rawBody: boolean;
}
