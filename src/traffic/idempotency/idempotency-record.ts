import { z } from 'zod';

/** Response to a request with an Idempotency-Key, as it is replayed. */
export interface StoredResponse {
  readonly status: number;
  /** Empty without a body. */
  readonly contentType: string;
  readonly body: Buffer;
  /** Headers of the backend that the policy lets through. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The request was carried out, but its body was too large to store. */
  readonly omitted?: true;
}

/** A key in use: the request it belongs to, and the response once there is one. */
export interface IdempotencyRecord {
  /** Hash of the request. */
  readonly fingerprint: string;
  /** The instance that took the key; empty in records of earlier versions. */
  readonly owner: string;
  /** Undefined while the first request with this key is in progress. */
  readonly answer: StoredResponse | undefined;
}

const Stored = z.object({
  fingerprint: z.string().min(1),
  owner: z.string().default(''),
  answer: z
    .object({
      status: z.int().min(100).max(599),
      contentType: z.string(),
      body: z.base64(),
      headers: z.record(z.string(), z.string()).optional(),
      omitted: z.literal(true).optional(),
    })
    .optional(),
});

export function packRecord({ fingerprint, owner, answer }: IdempotencyRecord): string {
  return JSON.stringify({ fingerprint, owner, answer: answer && { ...answer, body: answer.body.toString('base64') } });
}

/** Parses a stored record. Returns undefined for text that is not a record. */
export function unpackRecord(text: string): IdempotencyRecord | undefined {
  const stored = Stored.safeParse(parseJson(text)).data;
  if (stored === undefined) return undefined;
  const { fingerprint, owner, answer } = stored;
  if (answer === undefined) return { fingerprint, owner, answer };
  const { body, headers, omitted, ...rest } = answer;
  const kept = { ...rest, body: Buffer.from(body, 'base64'), ...(headers && { headers }), ...(omitted && { omitted }) };
  return { fingerprint, owner, answer: kept };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
