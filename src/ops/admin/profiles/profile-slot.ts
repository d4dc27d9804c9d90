import { GatewayError } from '../../../domain/errors.js';

/** Who is measuring what. */
export interface ProfileHolder {
  /** The path that was called. */
  readonly profile: string;
  /** Address of the caller. */
  readonly caller: string;
  readonly requestId: string;
}

/** Lets one caller at a time measure the main thread, since each measurement slows it down and would be part of the other. */
export class ProfileSlot {
  private holder: (ProfileHolder & { readonly since: Date }) | undefined;

  /** Runs work alone. Throws ABORTED, which names who is measuring. */
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
    `${caller} has been taking ${profile} since ${from} (request ${requestId}): one profile is taken at a time. Ask again when it has ended.`,
    { members: { holder: { profile, caller, since: from, request_id: requestId } } },
  );
}
