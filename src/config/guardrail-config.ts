import type { Settings } from './schema.js';

/** The guardrail. Its address, and the budget of a request or a whole response, are those of the upstream `guardrail`. */
export interface GuardrailConfig {
  readonly chunkTimeoutMs: number;
  /** Lets messages pass that could not be checked. */
  readonly failOpen: boolean;
}

export function guardrailOf(settings: Settings): GuardrailConfig {
  return {
    chunkTimeoutMs: settings.GATEWAY_GUARDRAIL_CHUNK_TIMEOUT,
    failOpen: settings.GATEWAY_GUARDRAIL_FAIL_OPEN,
  };
}
