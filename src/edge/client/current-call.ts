import { AsyncLocalStorage } from 'node:async_hooks';
import { Injectable } from '@nestjs/common';
import type { CallContext } from '../../domain/call-context.js';
import type { RpcOverride } from '../rpc-call.js';

/** Knows which request an explicit method is answering, so that the calls it makes are made in its name. */
@Injectable()
export class CurrentCall {
  private readonly storage = new AsyncLocalStorage<CallContext>();
  private isUsed = false;

  /** Notes that there is a client which will ask. */
  use(): void {
    this.isUsed = true;
  }

  /** Returns the method with its request bound to it; without a client nobody asks, and nothing is bound. */
  bind(override: RpcOverride): RpcOverride {
    if (!this.isUsed) return override;
    return (call) => this.storage.run(call.context, override, call);
  }

  /** The request that is being answered here; undefined outside of explicit methods. */
  get(): CallContext | undefined {
    return this.storage.getStore();
  }
}
