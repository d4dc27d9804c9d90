/** What is asked of the gateway about itself, by probes, monitors and scrapers. */
export const OPERATIONAL_PATHS: ReadonlySet<string> = new Set([
  '/livez',
  '/startupz',
  '/readyz',
  '/ready',
  '/health',
  '/healthz',
  '/metrics',
]);

/** Such requests are answered however much else is asked: no limit applies to them. They are counted, logged at debug, and not part of the requests in flight. */
export function isOperational(path: string): boolean {
  return OPERATIONAL_PATHS.has(path);
}
