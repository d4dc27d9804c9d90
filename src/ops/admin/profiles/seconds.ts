import { z } from 'zod';

/**
 * Maximum duration of a measurement, in seconds: the default patience of pprof clients, and less than a deployment
 * waits for one pod.
 */
export const MAX_SECONDS = 120;

/** The query parameter `seconds`. */
export const seconds = z
  .string()
  .regex(/^\d{1,6}$/, `must be a whole number of seconds from 1 to ${MAX_SECONDS}`)
  .transform(Number)
  .refine((value) => value >= 1 && value <= MAX_SECONDS, `must be a whole number of seconds from 1 to ${MAX_SECONDS}`);
