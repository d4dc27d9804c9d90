/** Stages of a request: `interceptors` and `handler` are those of the application, `stream` forwards messages. */
export const REQUEST_STAGES = [
  'auth',
  'limits',
  'interceptors',
  'handler',
  'decode',
  'guardrail',
  'upstream',
  'encode',
  'stream',
] as const;

export type RequestStage = (typeof REQUEST_STAGES)[number];
