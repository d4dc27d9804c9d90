/** Paths of requests about the gateway itself, from probes, monitors and scrapers. */
export const OPERATIONAL_PATHS: ReadonlySet<string> = new Set([
  '/livez',
  '/startupz',
  '/readyz',
  '/ready',
  '/health',
  '/healthz',
  '/metrics',
]);

/**
 * Returns whether a request is operational. Such requests are always answered, because no limit applies to them. They
 * are counted, logged at debug, and not included in the requests in flight.
 */
export function isOperational(path: string): boolean {
  return OPERATIONAL_PATHS.has(path);
}
