import type { Principal } from './principal.js';

/** What one answered call of a metered RPC comes to. */
export interface Usage {
  /** In whose name it was made: their tenant pays. */
  readonly caller: Pick<Principal, 'tenantId' | 'subject'>;
  /** `ai.query`: the `meter` of the policy. */
  readonly meter: string;
  readonly quantity: number;
}

/** Takes what is to be accounted for. Asked for by the call stack, filled by metering; a class so that it is its own injection token. */
export abstract class UsageSink {
  /**
   * Takes one event, before its call is answered. Returns at once and never throws: where there is no room the
   * oldest event is given up, counted and logged.
   */
  abstract record(usage: Usage): void;
}
