/** Where records are kept. Rejects when they cannot be had. */
export interface RecordStore {
  /** Keeps a record unless there is one, which is returned then. */
  add(key: string, record: string, lifeMs: number): Promise<string | undefined>;
  replace(key: string, record: string, lifeMs: number): Promise<void>;
  remove(key: string): Promise<void>;
}
