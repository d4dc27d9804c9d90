import type { DescField, DescMethod } from '@bufbuild/protobuf';
import type { RpcMethod } from '../domain/rpc-method.js';
import type { PathTemplate } from './path-template.js';

/** HTTP method of a binding; custom kinds are in upper case. */
export type Verb = string;

/** A path variable bound to a field: `user.id` in `{user.id=users/*}`. */
export interface PathVariable {
  /** Dotted proto name. */
  readonly fieldPath: string;
  /** The fields from the request message down to a scalar. */
  readonly fields: readonly DescField[];
  /** Spans several segments: `**` or a pattern with slashes. `%2F` is kept in it. */
  readonly multiSegment: boolean;
}

/** One REST binding of one RPC: its google.api.http rule, checked against the descriptors. */
export interface Route {
  readonly method: RpcMethod;
  readonly desc: DescMethod;
  readonly verb: Verb;
  /** The template as written in the proto; also the route label in logs and metrics. */
  readonly template: string;
  readonly path: PathTemplate;
  readonly variables: readonly PathVariable[];
  /** `*` for the whole message, a field, or undefined if no body is read. */
  readonly body: '*' | DescField | undefined;
  /** Field of the response that becomes the whole body. */
  readonly responseBody: DescField | undefined;
}
