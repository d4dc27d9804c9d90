import type { Adapter, AdapterPayload, ClientMetadata } from 'oidc-provider';
import { BoundedMap } from '../data/bounded-map.js';

const MAX_ARTIFACTS = 10_000;

interface Artifact {
  readonly payload: AdapterPayload;
  readonly endsAt: number;
}

/** State of an identity provider: sessions, codes, grants. It outlives a change of the provider's keys. */
export class IdentityStore {
  readonly #artifacts = new BoundedMap<string, Artifact>(MAX_ARTIFACTS);

  /** @param clients metadata of each client by its id, asked for each time. */
  constructor(private readonly clients: (id: string) => ClientMetadata | undefined) {}

  /** Storage that oidc-provider asks for, one instance per kind of artifact. */
  adapterFor(kind: string): Adapter {
    const keyOf = (id: string) => `${kind}:${id}`;
    return {
      find: async (id) => (kind === 'Client' ? (this.clients(id) as AdapterPayload | undefined) : this.#get(keyOf(id))),
      findByUid: async (uid) => this.#search((payload, key) => key.startsWith(keyOf('')) && payload.uid === uid),
      findByUserCode: async () => undefined,
      upsert: async (id, payload, expiresIn) => {
        this.#artifacts.set(keyOf(id), { payload, endsAt: Date.now() + (expiresIn ?? 3600) * 1000 });
      },
      consume: async (id) => {
        const payload = this.#get(keyOf(id));
        if (payload !== undefined) payload.consumed = Math.floor(Date.now() / 1000);
      },
      destroy: async (id) => void this.#artifacts.delete(keyOf(id)),
      revokeByGrantId: async (grantId) => {
        for (const [key, { payload }] of this.#artifacts) if (payload.grantId === grantId) this.#artifacts.delete(key);
      },
    };
  }

  #get(key: string): AdapterPayload | undefined {
    const artifact = this.#artifacts.get(key);
    return artifact !== undefined && artifact.endsAt > Date.now() ? artifact.payload : undefined;
  }

  #search(matches: (payload: AdapterPayload, key: string) => boolean): AdapterPayload | undefined {
    for (const [key, { payload }] of this.#artifacts) if (matches(payload, key)) return this.#get(key);
    return undefined;
  }
}
