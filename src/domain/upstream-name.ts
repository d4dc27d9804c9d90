import { lowerAscii } from './header-text.js';

/** The upstream that a deployment sets for a service, in place of its proto. */
export interface UpstreamName {
  /** A proto package, or one service by its full name: `acme.billing.v1`, `acme.billing.v1.InvoiceService`. */
  readonly owner: string;
  /** `billing`: its address is BILLING_SERVICE_URL. */
  readonly upstream: string;
}

/** Syntax of the name of an upstream, which becomes part of the names of settings, and a label of metrics. */
export const UPSTREAM_NAME = /^[a-z][a-z0-9_]*$/;

/**
 * Corrects a string that is nearly the name of an upstream: `Billing-API` to `billing_api`. Undefined where nothing is
 * left.
 */
export function nearestUpstreamName(text: string): string | undefined {
  const name = lowerAscii(text.replaceAll(/[^A-Za-z0-9_]+/g, '_').replace(/^[0-9_]+/, ''));
  return UPSTREAM_NAME.test(name) ? name : undefined;
}
