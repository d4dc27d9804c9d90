import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import type { RpcCall, RpcOverride } from '../rpc-call.js';

/**
 * Tracks which request an explicit method is serving, so that calls of injected clients are made in the name of that
 * request.
 */
@Injectable()
export class CurrentCall {
  private readonly storage = new AsyncLocalStorage<RpcCall>();
  private isUsed = false;

  /** Records that a client was injected, so that requests must be tracked. */
  use(): void {
    this.isUsed = true;
  }

  /** Returns the method with its request bound to it. Without an injected client it returns the method unchanged. */
  bind(override: RpcOverride): RpcOverride {
    if (!this.isUsed) return override;
    return (call) => this.storage.run(call, override, call);
  }

  /** Returns the call that is being served; undefined outside of explicit methods. */
  get(): RpcCall | undefined {
    return this.storage.getStore();
  }
}
