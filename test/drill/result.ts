/** Result of an alert in a scenario. */
export interface AlertResult {
  readonly alert: string;
  readonly severity: string;
  readonly receiver: string;
  /** Seconds from the fault to the notification; undefined when it did not come. */
  readonly firedAfter: number | undefined;
  /** Seconds from the end of the fault to the notification of the end. */
  readonly resolvedAfter: number | undefined;
  /** Empty: as it must be. */
  readonly failure: string;
}

/** Result of a block of a runbook. */
export interface BlockResult {
  /** Path and line of the block. */
  readonly block: string;
  readonly outcome: 'met' | 'excused' | 'failed';
  /** The expectation, the reason for skipping it, or the actual output. */
  readonly detail: string;
}

/** Result of a scenario. */
export interface DrillResult {
  readonly scenario: string;
  readonly fault: string;
  readonly seconds: number;
  readonly alerts: readonly AlertResult[];
  /** Alerts that fired and were held back. */
  readonly silenced: readonly string[];
  readonly blocks: readonly BlockResult[];
  /** Failures other than those of alerts and blocks. */
  readonly failures: readonly string[];
}

/** Everything that was not as it must be, one line each. */
export function failuresOf({ scenario, alerts, blocks, failures }: DrillResult): readonly string[] {
  return [
    ...failures,
    ...alerts.filter(({ failure }) => failure !== '').map(({ alert, failure }) => `${alert}: ${failure}`),
    ...blocks.filter(({ outcome }) => outcome === 'failed').map(({ block, detail }) => `${block}: ${detail}`),
  ].map((failure) => `${scenario}: ${failure}`);
}
