import { ConfigError } from '../../config/config-error.js';
import { formatListenAddress, type ListenAddress } from '../../config/listen-address.js';

/** Why there is no admin listener where there should be one. */
export class AdminListenError extends Error {
  override readonly name = 'AdminListenError';

  private constructor(
    readonly address: ListenAddress,
    cause: unknown,
  ) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    super(`no admin listener on ${formatListenAddress(address)}: ${reason}`, { cause });
  }

  /** Another process listens there. */
  get isTaken(): boolean {
    const { cause } = this;
    return cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
  }

  /** Throws the error as one of these, or as the ConfigError that it is. */
  static rethrow(error: unknown, address: ListenAddress): never {
    throw error instanceof ConfigError ? error : new AdminListenError(address, error);
  }
}
