/** Commands that change the gateway beside its circuits. */
export type ChangeCommand = 'set-log-level' | 'set-rate-limit-dry-run' | 'drain' | 'reload';
