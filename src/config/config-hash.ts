import { createHash } from 'node:crypto';
import type { GatewayConfig } from './gateway-config.js';
import { redactConfig } from './redact-config.js';

const LENGTH = 12;

/**
 * Returns a hash of the settings in force, of 12 hex digits: the same in all instances that run with the same settings.
 * Excludes the names of the instance and of the worker, and replaces secrets by their fingerprints.
 */
export function configHash(config: GatewayConfig): string {
  const { instance: _instance, worker: _worker, ...settings } = redactConfig(config);
  return createHash('sha256').update(JSON.stringify(settings)).digest('hex').slice(0, LENGTH);
}
