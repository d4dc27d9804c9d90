import { status } from '@grpc/grpc-js';
import { z } from 'zod';

const DAY_MS = 86_400_000;
const FAILURES = Object.keys(status).filter((name) => /^[A-Z]/.test(name) && name !== 'OK') as (keyof typeof status)[];

/** Schema of a fault. All fields but `mode` are optional. */
export const faultSchema = z.strictObject({
  mode: z.enum(['none', 'down', 'slow', 'hang', 'flaky', 'garbage', 'block', 'fail', 'drift', 'skew']),
  latencyMs: z.int().min(0).max(60_000).default(2_000),
  ratio: z.number().min(0).max(1).default(0.3),
  word: z.string().min(1).max(64).optional(),
  code: z.enum(FAILURES).default('UNAVAILABLE'),
  method: z.string().min(1).max(64).optional(),
  skewMs: z.int().min(-DAY_MS).max(DAY_MS).default(60_000),
});

/**
 * A fault of one connection path:
 * `down` refuses connections and cuts the open ones; `slow` delays bytes by `latencyMs` each way; `hang` accepts
 * connections and forwards nothing; `flaky` resets a connection, with probability `ratio`, when it opens and at each
 * piece of a request; `garbage` answers with bytes of no protocol; `none` forwards. `block` forwards too, and has the
 * guardrail block messages that contain `word` ("forbidden" unless given).
 * Connections stay as they are in these three: `fail` has a backend end calls with the gRPC status `code`, with
 * probability `ratio`, those of `method` alone if it is given, health checks never; `drift` has it describe another
 * contract by reflection than it serves; `skew` shifts the clock in the `Date` header of the keys by `skewMs`.
 */
export type Fault = z.output<typeof faultSchema>;

/** A fault as it is asked for, before its defaults are filled. */
export type FaultInput = z.input<typeof faultSchema>;

export const NO_FAULT: Fault = faultSchema.parse({ mode: 'none' });
