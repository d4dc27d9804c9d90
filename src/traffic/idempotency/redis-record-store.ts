import { redisKey } from '../../redis/keys.js';
import type { RedisConnections } from '../../redis/redis-connections.js';
import type { SealedBox } from '../../redis/sealed-box.js';
import type { RecordStore } from './record-store.js';

/** What is found and no record of ours. */
const UNREADABLE = '';

/** Records that the instances share, sealed: they hold what clients were answered. */
export class RedisRecordStore implements RecordStore {
  constructor(
    private readonly redis: RedisConnections,
    private readonly box: SealedBox,
  ) {}

  async add(key: string, record: string, lifeMs: number): Promise<string | undefined> {
    const name = nameOf(key);
    const sealed = this.box.seal(name, record);
    const found = await this.redis.run((redis) => redis.set(name, sealed, 'PX', lifeMs, 'NX', 'GET'));
    return found === null ? undefined : (this.box.open(name, found) ?? UNREADABLE);
  }

  async replace(key: string, record: string, lifeMs: number): Promise<void> {
    const name = nameOf(key);
    const sealed = this.box.seal(name, record);
    await this.redis.run((redis) => redis.set(name, sealed, 'PX', lifeMs));
  }

  async remove(key: string): Promise<void> {
    await this.redis.run((redis) => redis.del(nameOf(key)));
  }
}

function nameOf(key: string): string {
  return redisKey('idempotency', key);
}
