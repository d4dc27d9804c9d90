import { redisKey } from '../../redis/keys.js';
import type { RedisConnections } from '../../redis/redis-connections.js';
import type { AeadCipher } from '../../redis/aead-cipher.js';
import type { StreamOwner } from './resumable-stream.js';

/**
 * Time for which a stream outlives the process that makes its call, and a position the process that reads it, in ms.
 */
const ALIVE_MS = 15_000;
const READING_MS = 3_000;
/** Maximum number of entries per read. */
const BATCH = 64;

/** An entry of a stream: a message, or its end with its error. */
export type SharedEntry =
  { readonly sequence: number; readonly json: Buffer } | { readonly sequence: number; readonly end: string };

/** Position of a message among the messages that are kept. */
export interface SharedMessage {
  readonly first: number;
  readonly sequence: number;
  readonly json: Buffer;
}

/**
 * Streams that instances share: each is a Redis stream whose entry ids are the positions of its messages, encrypted.
 * All methods reject with RedisUnavailable.
 */
export class SharedStreams {
  constructor(
    private readonly redis: RedisConnections,
    private readonly cipher: AeadCipher,
  ) {}

  async begin(id: string, owner: StreamOwner): Promise<void> {
    const sealed = this.cipher.seal(ownerKey(id), JSON.stringify([owner.caller, owner.request]));
    await this.redis.run((redis) => redis.set(ownerKey(id), sealed, 'PX', ALIVE_MS));
  }

  /** Adds a message, and drops those before the first one that is kept. */
  async add(id: string, { first, sequence, json }: SharedMessage): Promise<void> {
    const key = entriesKey(id);
    const sealed = this.cipher.sealBytes(`${key}:${sequence}`, json).toString('base64');
    await this.redis.run((redis) => redis.xadd(key, 'MINID', `${first}-0`, `${sequence}-0`, 'm', sealed));
  }

  /**
   * Records the end.
   * @param problem the error as JSON; empty when it ended successfully.
   */
  async end(id: string, sequence: number, problem: string): Promise<void> {
    const key = entriesKey(id);
    const sealed = this.cipher.seal(`${key}:${sequence}`, problem);
    await this.redis.run((redis) => redis.xadd(key, `${sequence}-0`, 'e', sealed));
  }

  /** Extends the lifetime of a stream, in ms from now. */
  async keep(id: string, ms = ALIVE_MS): Promise<void> {
    await this.redis.run((redis) => redis.pipeline().pexpire(ownerKey(id), ms).pexpire(entriesKey(id), ms).exec());
  }

  async remove(id: string): Promise<void> {
    await this.redis.run((redis) => redis.del(ownerKey(id), entriesKey(id), positionKey(id)));
  }

  /** Returns whether a stream exists and belongs to its owner. */
  async isOwn(id: string, { caller, request }: StreamOwner): Promise<boolean> {
    const sealed = await this.redis.run((redis) => redis.get(ownerKey(id)));
    const text = sealed === null ? undefined : this.cipher.open(ownerKey(id), sealed);
    return text === JSON.stringify([caller, request]);
  }

  async isAlive(id: string): Promise<boolean> {
    return (await this.redis.run((redis) => redis.exists(ownerKey(id)))) === 1;
  }

  /** Returns entries after a position, at most a batch. An entry that cannot be read ends them. */
  async after(id: string, sequence: number): Promise<SharedEntry[]> {
    const key = entriesKey(id);
    const found = await this.redis.run((redis) => redis.xrange(key, `(${sequence}-0`, '+', 'COUNT', BATCH));
    const entries: SharedEntry[] = [];
    for (const [name, [kind = '', sealed = '']] of found) {
      const entry = this.open(key, Number(name.split('-')[0]), { kind, sealed });
      if (entry === undefined) break;
      entries.push(entry);
    }
    return entries;
  }

  /** Tells the process that makes the call how far another one has read. */
  async notePosition(id: string, sequence: number): Promise<void> {
    await this.redis.run((redis) => redis.set(positionKey(id), sequence, 'PX', READING_MS));
  }

  /** Returns how far another process has read; undefined when none reads. */
  async position(id: string): Promise<number | undefined> {
    const text = await this.redis.run((redis) => redis.get(positionKey(id)));
    return text === null ? undefined : Number(text);
  }

  private open(key: string, sequence: number, { kind, sealed }: { readonly kind: string; readonly sealed: string }) {
    const bytes = this.cipher.openBytes(`${key}:${sequence}`, Buffer.from(sealed, 'base64'));
    if (bytes === undefined) return undefined;
    return kind === 'm' ? { sequence, json: bytes } : { sequence, end: bytes.toString() };
  }
}

/** Returns the key of the owner, in the cache namespace: losing it only means that the stream starts again. */
function ownerKey(id: string): string {
  return redisKey('cache', `stream:${id}`);
}

function entriesKey(id: string): string {
  return redisKey('cache', `stream:${id}:entries`);
}

function positionKey(id: string): string {
  return redisKey('cache', `stream:${id}:position`);
}
