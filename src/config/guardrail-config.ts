import type { Settings } from './schema.js';

/** Guardrail settings. Its address, and the deadline for a request or a whole response, are those of the upstream `guardrail`. */
export interface GuardrailConfig {
  readonly chunkTimeoutMs: number;
  /** Messages that could not be checked pass. */
  readonly failOpen: boolean;
}

/** Maps the settings of the guardrail. */
export function guardrailOf(settings: Settings): GuardrailConfig {
  return {
    chunkTimeoutMs: settings.GATEWAY_GUARDRAIL_CHUNK_TIMEOUT,
    failOpen: settings.GATEWAY_GUARDRAIL_FAIL_OPEN,
  };
}
