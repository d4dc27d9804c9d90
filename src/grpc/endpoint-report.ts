/** What an operator wants to know of one connection to an upstream, or of the attempt at one. */
export interface EndpointReport {
  /** `10.0.0.7:9090`. */
  readonly address: string;
  /** `retiring`: its address is gone, and it serves its last calls. */
  readonly state: 'ready' | 'ejected' | 'connecting' | 'retiring';
  /** Calls on its connection. */
  readonly inFlight: number;
  readonly lastFailure: LastFailure | undefined;
}

/** Why a connection could not be made, was lost or replaced, or its address ejected. */
export interface LastFailure {
  readonly reason: string;
  /** Unix ms. */
  readonly at: number;
}

/** The way to one upstream. */
export interface ConnectionsReport {
  readonly endpoints: readonly EndpointReport[];
  /** Calls that wait for a connection, or for room on one. */
  readonly waiting: number;
}
