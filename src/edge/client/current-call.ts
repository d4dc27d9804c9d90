import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import type { RpcCall, RpcOverride } from '../rpc-call.js';

/** Knows which request an explicit method is answering, so that the calls it makes are made in its name. */
@Injectable()
export class CurrentCall {
  private readonly storage = new AsyncLocalStorage<RpcCall>();
  private isUsed = false;

  /** Notes that there is a client which will ask. */
  use(): void {
    this.isUsed = true;
  }

  /** Returns the method with its request bound to it; without a client nobody asks, and nothing is bound. */
  bind(override: RpcOverride): RpcOverride {
    if (!this.isUsed) return override;
    return (call) => this.storage.run(call, override, call);
  }

  /** The call that is being answered here; undefined outside of explicit methods. */
  get(): RpcCall | undefined {
    return this.storage.getStore();
  }
}
