/**
 * Where sessions are kept, and what several gateways have to agree on. Keys are hashes and values sealed: a store learns
 * neither cookies nor tokens. Every method rejects when the store cannot answer.
 */
export abstract class SessionStore {
  /** A value, whose end it moves to `slideMs` from now. */
  abstract read(key: string, slideMs: number): Promise<string | undefined>;
  /** Whether each of these values is there, in their order. */
  abstract have(keys: readonly string[]): Promise<readonly boolean[]>;
  abstract write(key: string, value: string, lifeMs: number): Promise<void>;
  /** Changes a value that is still there and leaves its end as it is. False when it is gone. */
  abstract replace(key: string, value: string): Promise<boolean>;
  /** A value, for the last time. */
  abstract take(key: string): Promise<string | undefined>;
  /** True for the first who asks within `lifeMs`: a lock, or a thing that is good for one use. */
  abstract claim(key: string, holder: string, lifeMs: number): Promise<boolean>;
  /** Gives a lock back, unless it has passed to another holder. */
  abstract release(key: string, holder: string): Promise<void>;
  /** Adds to a set that lives for `lifeMs` after the last addition. */
  abstract note(set: string, member: string, lifeMs: number): Promise<void>;
  abstract noted(set: string): Promise<readonly string[]>;
}
