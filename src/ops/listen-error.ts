/** Thrown when the gateway cannot listen on GATEWAY_LISTEN. */
export class SocketListenError extends Error {
  override readonly name = 'SocketListenError';

  constructor(
    readonly path: string,
    reason: string,
    cause?: unknown,
  ) {
    super(reason, { cause });
  }
}
