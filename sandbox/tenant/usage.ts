import { Injectable } from '@nestjs/common';
import type { UsageEvent } from '../../src/gen/tenant/v1/tenant_pb.js';
import { invalidArgument, notFound } from '../backend/rpc-error.js';
import type { Wire } from '../backend/wire.js';
import { Directory } from '../data/directory.js';

const MAX_EVENTS_A_CALL = 1_000;

/** The ledger of metered usage. */
@Injectable()
export class Usage {
  constructor(private readonly directory: Directory) {}

  /** Records each event one time, however often it arrives. Throws INVALID_ARGUMENT or NOT_FOUND, and then records none. */
  report(events: readonly Wire<UsageEvent>[]): number {
    if (events.length > MAX_EVENTS_A_CALL) {
      throw invalidArgument([{ field: 'events', description: `must be at most ${MAX_EVENTS_A_CALL}` }]);
    }
    const nameless = events.findIndex((event) => event.id === '');
    if (nameless >= 0) throw invalidArgument([{ field: `events[${nameless}].id`, description: 'must not be empty' }]);
    const stray = events.find(({ tenantId }) => !this.directory.tenants.has(tenantId));
    if (stray !== undefined) throw notFound('tenant', stray.tenantId);
    for (const event of events) if (!this.directory.usage.has(event.id)) this.directory.usage.set(event.id, event);
    return events.length;
  }
}
