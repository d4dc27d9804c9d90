import type { Site } from '../site/site.js';
import type { Labels } from '../site/prometheus.js';
import type { TrafficOptions } from '../site/traffic.js';

/** An alert that a fault must raise. */
export interface ExpectedAlert {
  readonly alert: string;
  /** Name of the receiver in alertmanager.yml. */
  readonly receiver: string;
  /** Labels by which it is told from others of its name. */
  readonly labels?: Labels;
  /** True: it fires all the time, the fault makes no difference. */
  readonly isConstant?: boolean;
}

/** A fault and what must come of it. */
export interface Scenario {
  readonly name: string;
  /** Description of the fault, for the report. */
  readonly fault: string;
  /** Settings of the gateway. */
  readonly env?: Readonly<Record<string, string>>;
  /** Arguments of node before the program of the gateway. */
  readonly nodeArgs?: readonly string[];
  /** Gateways; 1 unless given. */
  readonly pods?: number;
  /** True: the gateways share a Redis. */
  readonly redis?: boolean;
  readonly traffic?: Partial<TrafficOptions>;
  /** Opens what the gateways need beside the sandbox, and returns their settings for it. */
  prepare?(site: Site): Promise<Readonly<Record<string, string>>>;
  inject(site: Site): Promise<void>;
  /** Ends the fault, as the mitigation of its runbook does. */
  heal(site: Site): Promise<void>;
  readonly alerts: readonly ExpectedAlert[];
  /** Alerts that fire and are held back by an expected one. */
  readonly silenced?: readonly string[];
  /** Further pages that the fault may cause, each with its reason. */
  readonly companions?: Readonly<Record<string, string>>;
}
