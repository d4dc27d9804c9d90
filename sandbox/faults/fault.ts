import { z } from 'zod';

/** What a fault switch may be set to. Everything but `mode` may be left out. */
export const faultSchema = z.strictObject({
  mode: z.enum(['none', 'down', 'slow', 'hang', 'flaky', 'garbage', 'block']),
  latencyMs: z.int().min(0).max(60_000).default(2_000),
  ratio: z.number().min(0).max(1).default(0.3),
  word: z.string().min(1).max(64).optional(),
});

/**
 * A fault of one connection path:
 * `down` refuses connections and cuts the open ones; `slow` delays bytes by `latencyMs` each way; `hang` accepts
 * connections and forwards nothing; `flaky` resets a connection, with probability `ratio`, when it opens and at each
 * piece of a request; `garbage` answers with bytes of no protocol; `none` forwards. `block` forwards too, and has the
 * guardrail block messages that contain `word` ("forbidden" unless given).
 */
export type Fault = z.output<typeof faultSchema>;

/** A fault as it is asked for, before its defaults are filled. */
export type FaultInput = z.input<typeof faultSchema>;

export const NO_FAULT: Fault = faultSchema.parse({ mode: 'none' });
