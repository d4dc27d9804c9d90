import { create, toBinary } from '@bufbuild/protobuf';
import { ReportUsageRequestSchema } from '../gen/tenant/v1/tenant_pb.js';

/** A usage event. Its ID makes a repeated report harmless. */
export interface UsageRecord {
  /** Position in the outbox of this process; not reported. */
  readonly seq: number;
  /** UUIDv7 (RFC 9562 5.7), kept through every retry and restart. */
  readonly id: string;
  readonly tenantId: string;
  readonly subject: string;
  readonly meter: string;
  readonly quantity: number;
  /** Unix ms. */
  readonly occurredAt: number;
}

/** Encodes a tenant.v1.ReportUsageRequest with the events in their order. */
export function reportRequest(records: readonly UsageRecord[]): Uint8Array {
  const events = records.map(({ id, tenantId, subject, meter, quantity, occurredAt }) => ({
    id,
    tenantId,
    subject,
    meter,
    quantity: BigInt(quantity),
    occurTime: { seconds: BigInt(Math.floor(occurredAt / 1000)), nanos: (occurredAt % 1000) * 1_000_000 },
  }));
  return toBinary(ReportUsageRequestSchema, create(ReportUsageRequestSchema, { events }));
}
