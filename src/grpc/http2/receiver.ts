import type { GatewayError } from '../../domain/errors.js';
import type { CallEnd } from '../grpc-failure.js';

/** Whom the response of a call is for. It is told one end: success, or a failure. */
export interface Receiver {
  /** What its stream's window grows to, in bytes. */
  readonly windowBytes: number;
  /** It lets go of what it was given when it has been read, and not at once. */
  readonly isHolding: boolean;
  /** Takes data in, copying it. Returns why the call has failed, if it has. */
  data(bytes: Buffer, start: number, end: number): CallEnd | undefined;
  /** What a response that ends here with OK lacks. */
  readonly missing: CallEnd | undefined;
  succeed(): void;
  fail(error: GatewayError): void;
}
