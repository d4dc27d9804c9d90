import { type Kind, Refusal } from './setting.js';

const MAX_WEIGHT = 1000;

/** Weight of a tenant: `acme=3`. */
export interface TenantWeight {
  readonly tenantId: string;
  readonly weight: number;
}

/** Parses the weight of a tenant relative to other tenants, which have 1. */
export const tenantWeight: Kind<TenantWeight> = {
  form: 'tenant weight',
  parse(raw) {
    const [, tenantId, digits] = /^([^=\s]+)=(\d{1,4})$/.exec(raw) ?? [];
    const weight = Number(digits);
    if (tenantId !== undefined && weight >= 1 && weight <= MAX_WEIGHT) return { tenantId, weight };
    throw new Refusal(
      `"${raw}" is not a tenant weight`,
      `write tenant=weight with a weight of 1 to ${MAX_WEIGHT}: acme=3`,
    );
  },
};
