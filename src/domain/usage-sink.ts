import type { Principal } from './principal.js';

/** Usage of one answered call of a metered RPC. */
export interface Usage {
  /** The caller on whose behalf it was made; their tenant is billed. */
  readonly caller: Pick<Principal, 'tenantId' | 'subject'>;
  /** The `meter` of the policy: `ai.query`. */
  readonly meter: string;
  readonly quantity: number;
}

/**
 * Receives usage for accounting. Used by the call stack, implemented by metering; a class so that it is its own
 * injection token.
 */
export abstract class UsageSink {
  /**
   * Records one event before its call is answered. Returns immediately and never throws: when there is no room the
   * oldest event is dropped, counted and logged.
   */
  abstract record(usage: Usage): void;
}
