/** Commands that change the gateway, except those for circuit breakers. */
export type ChangeCommand = 'set-log-level' | 'set-rate-limit-dry-run' | 'drain' | 'reload';
