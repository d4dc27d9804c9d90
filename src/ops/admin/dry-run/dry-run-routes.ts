import { z } from 'zod';
import { type AdminRoute, route } from '../admin-route.js';

const MAX_TARGET = 4_096;
const name = z.string().min(1).max(256);

/** A caller that is described instead of a token. */
const principal = z.strictObject({
  tenant: name,
  subject: name.default('dry-run'),
  roles: z.array(name).max(256).default([]),
  permissions: z.array(name).max(1_024).default([]),
});

/** A request described as JSON. */
export const describedRequest = z.strictObject({
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']).default('GET'),
  path: z
    .string()
    .max(MAX_TARGET)
    .regex(/^\/[\x21-\x7e]*$/, 'must begin with / and be percent-encoded, as a client sends it'),
  headers: z.record(z.string().regex(/^[\w-]+$/, 'is not a header name'), z.string().max(8_192)).default({}),
  body: z.json().optional(),
  principal: principal.optional(),
  /** Address of the client, for limits that count by it. */
  address: z.union([z.ipv4(), z.ipv6()], 'must be an IPv4 or IPv6 address').default('127.0.0.1'),
});

export type DescribedRequest = z.infer<typeof describedRequest>;
export type DescribedPrincipal = z.infer<typeof principal>;

/** Routes of dry runs. They change nothing, so a read-only token suffices. */
export const DRY_RUN_ROUTES: readonly AdminRoute[] = [
  route('POST /admin/dry-run', { main: 'dry-run' }, { body: describedRequest, access: 'read' }),
];
