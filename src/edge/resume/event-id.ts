import { randomBytes } from 'node:crypto';

/** Length of a stream id in bytes: it cannot be guessed, although knowing it does not grant access. */
const ID_BYTES = 16;
const EVENT_ID = /^([\w-]{22})\.(\d{1,15}|end)$/;

/** Content of `Last-Event-ID`: the last event of a stream that a client has, or a mark that it has seen the end. */
export interface EventId {
  readonly streamId: string;
  readonly sequence: number | 'end';
}

/** Returns a new stream id. */
export function newStreamId(): string {
  return randomBytes(ID_BYTES).toString('base64url');
}

/** Returns the `id:` of an event, in the format of {@link readEventId}. */
export function eventId({ streamId, sequence }: EventId): string {
  return `${streamId}.${sequence}`;
}

/** Reads `Last-Event-ID`; returns undefined for an id that this gateway did not issue. */
export function readEventId(header: string): EventId | undefined {
  const [, streamId, sequence] = EVENT_ID.exec(header) ?? [];
  if (streamId === undefined || sequence === undefined) return undefined;
  return { streamId, sequence: sequence === 'end' ? 'end' : Number(sequence) };
}
