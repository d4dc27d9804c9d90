import { z } from 'zod';

/** What a request with an Idempotency-Key came to, as it is sent again. */
export interface KeptAnswer {
  readonly status: number;
  /** Empty where there is no body. */
  readonly contentType: string;
  readonly body: Buffer;
}

/** A key that is in use: for which request, and its answer once there is one. */
export interface IdempotencyRecord {
  /** Hash of the request. */
  readonly fingerprint: string;
  /** Undefined: the first request with this key is still under way. */
  readonly answer: KeptAnswer | undefined;
}

const Stored = z.object({
  fingerprint: z.string().min(1),
  answer: z.object({ status: z.int().min(100).max(599), contentType: z.string(), body: z.base64() }).optional(),
});

export function packRecord({ fingerprint, answer }: IdempotencyRecord): string {
  return JSON.stringify({ fingerprint, answer: answer && { ...answer, body: answer.body.toString('base64') } });
}

/** Undefined for what is no record. */
export function unpackRecord(text: string): IdempotencyRecord | undefined {
  const stored = Stored.safeParse(parseJson(text)).data;
  if (stored === undefined) return undefined;
  const { fingerprint, answer } = stored;
  return { fingerprint, answer: answer && { ...answer, body: Buffer.from(answer.body, 'base64') } };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
