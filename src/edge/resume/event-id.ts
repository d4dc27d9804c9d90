import { randomBytes } from 'node:crypto';

/** Bytes of a stream's id: it cannot be guessed, although knowing it is not enough. */
const ID_BYTES = 16;
const EVENT_ID = /^([\w-]{22})\.(\d{1,15}|end)$/;

/** What `Last-Event-ID` says: the last event of a stream that a client has, or that it has seen the end. */
export interface EventId {
  readonly streamId: string;
  readonly sequence: number | 'end';
}

/** Makes the id of a stream. */
export function newStreamId(): string {
  return randomBytes(ID_BYTES).toString('base64url');
}

/** Returns the `id:` of an event, as {@link readEventId} reads it. */
export function eventId({ streamId, sequence }: EventId): string {
  return `${streamId}.${sequence}`;
}

/** Reads `Last-Event-ID`; undefined for an id that this gateway did not give. */
export function readEventId(header: string): EventId | undefined {
  const [, streamId, sequence] = EVENT_ID.exec(header) ?? [];
  if (streamId === undefined || sequence === undefined) return undefined;
  return { streamId, sequence: sequence === 'end' ? 'end' : Number(sequence) };
}
