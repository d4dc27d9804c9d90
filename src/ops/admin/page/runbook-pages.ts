import type { GatewayErrorCode } from '../../../domain/errors.js';

const BY_CODE: Readonly<Partial<Record<GatewayErrorCode, string>>> = {
  CIRCUIT_OPEN: 'alerts/GatewayCircuitOpen.md',
  AUTH_UNAVAILABLE: 'alerts/AuthServiceUnreachable.md',
  UPSTREAM_UNAVAILABLE: 'alerts/GatewayUpstreamConnectionFailures.md',
  UPSTREAM_TIMEOUT: 'alerts/HighApiLatency.md',
};
const BY_UPSTREAM: Readonly<Record<string, string>> = {
  auth: 'alerts/AuthServiceUnreachable.md',
  ai: 'alerts/HighAiServiceErrorRate.md',
};
const ANY = 'alerts/HighHttp5xxErrorRate.md';

/** Returns the page of runbooks/ that says what to do about an error. */
export function runbookPage(code: GatewayErrorCode | undefined, upstream: string): string {
  if (code === undefined) return ANY;
  if (code === 'CIRCUIT_OPEN') return BY_CODE[code] ?? ANY;
  return BY_UPSTREAM[upstream] ?? BY_CODE[code] ?? ANY;
}
