import type { Site } from '../site/site.js';
import type { TrafficOptions } from '../site/traffic.js';

/** An alert that a fault must raise. */
export interface ExpectedAlert {
  readonly alert: string;
  /** Name of the receiver in alertmanager.yml. */
  readonly receiver: string;
  /** Labels that it must have beside those of its rule. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** A fault and what must come of it. */
export interface Scenario {
  readonly name: string;
  /** What is broken, for the report. */
  readonly fault: string;
  /** Settings of the gateway. */
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments of node before the sources of the gateway. */
  readonly nodeArgs?: readonly string[];
  /** Gateways; 1 unless given. */
  readonly pods?: number;
  /** True: the gateways share a Redis. */
  readonly redis?: boolean;
  readonly traffic?: Partial<TrafficOptions>;
  inject(site: Site): Promise<void>;
  heal(site: Site): Promise<void>;
  readonly alerts: readonly ExpectedAlert[];
  /** Alerts that fire and reach nobody, because an expected one silences them. */
  readonly silenced?: readonly string[];
  /** Further pages that the fault may cause, with the reason. */
  readonly companions?: Readonly<Record<string, string>>;
}
