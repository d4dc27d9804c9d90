import { findDebianTool } from './debian-tools.js';

/** Programs by their names in Debian. */
export type PrometheusTool = 'promtool' | 'amtool' | 'prometheus' | 'prometheus-alertmanager';

/** Path of a tool of Prometheus. Throws one line when it cannot be had. */
export function findPrometheusTool(name: PrometheusTool): string {
  return findDebianTool(name);
}
