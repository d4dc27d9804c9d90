import { GatewayError } from '../../../domain/errors.js';

/** The measurement in progress and its caller. */
export interface ProfileHolder {
  /** The path that was called. */
  readonly profile: string;
  /** Address of the caller. */
  readonly caller: string;
  readonly requestId: string;
}

/**
 * Lets one caller at a time measure the main thread, since each measurement slows it down and would distort another
 * one.
 */
export class ProfileSlot {
  private holder: (ProfileHolder & { readonly since: Date }) | undefined;

  /** Runs work exclusively. Throws ABORTED, which names the measurement in progress. */
  async run<T>(who: ProfileHolder, work: () => Promise<T>): Promise<T> {
    if (this.holder !== undefined) throw busy(this.holder);
    this.holder = { ...who, since: new Date() };
    try {
      return await work();
    } finally {
      this.holder = undefined;
    }
  }
}

function busy({ profile, caller, requestId, since }: ProfileHolder & { readonly since: Date }): GatewayError {
  const from = since.toISOString();
  return new GatewayError(
    'PROFILE_RUNNING',
    `${caller} has been taking ${profile} since ${from} (request ${requestId}): only one profile can be taken at a time. Try again when it has ended.`,
    { members: { holder: { profile, caller, since: from, request_id: requestId } } },
  );
}
