/** Commands that show the state of the gateway and change nothing. */
export type StateCommand =
  | 'show-routes'
  | 'show-upstreams'
  | 'show-limits'
  | 'show-inflight'
  | 'show-config'
  | 'show-cache'
  | 'show-sessions'
  | 'show-keys'
  | 'show-request'
  | 'list-requests'
  | 'list-errors';
