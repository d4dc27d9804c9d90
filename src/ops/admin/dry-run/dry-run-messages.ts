/** Commands that decide a described request without carrying it out. */
export type DryRunCommand = 'dry-run';
