/** Commands that decide a described request without doing it. */
export type DryRunCommand = 'dry-run';
