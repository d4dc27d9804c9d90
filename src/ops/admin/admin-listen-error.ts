import { ConfigError } from '../../config/config-error.js';
import { formatListenAddress, type ListenAddress } from '../../config/listen-address.js';

/** Thrown when the admin listener cannot listen on its address. */
export class AdminListenError extends Error {
  override readonly name = 'AdminListenError';

  private constructor(
    readonly address: ListenAddress,
    cause: unknown,
  ) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`no admin listener on ${formatListenAddress(address)}: ${reason}`, { cause });
  }

  /** True if another process listens there. */
  get isTaken(): boolean {
    const { cause } = this;
    return cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
  }

  /** Rethrows an error of the worker as an AdminListenError, or as the ConfigError that it is. */
  static rethrow(error: unknown, address: ListenAddress): never {
    throw error instanceof ConfigError ? error : new AdminListenError(address, error);
  }
}
