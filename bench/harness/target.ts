import { STREAM_TOKENS } from '../fixtures.js';
import { saysWhatUpstreamSent } from './content.js';
import type { Scenario } from './scenarios.js';

/** A scenario aimed at one running system. */
export interface Target {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly isExpectedStatus: (status: number) => boolean;
  /** Cheap enough to run on each response. */
  readonly isExpectedBody: (body: string) => boolean;
}

/** Events of a streamed answer, whether they come as server-sent events or as lines of JSON. */
export function countTokens(body: string): number {
  return body.split('"token":"token ').length - 1;
}

function checkOf(scenario: Scenario, sample: string): Target['isExpectedBody'] {
  if (scenario.name === 'sse') return (body) => body.includes('"answer":{');
  if (scenario.content === undefined) return () => true;
  return (body) => body === sample;
}

function problemWith(scenario: Scenario, status: number, body: string): string | undefined {
  if (!scenario.isExpectedStatus(status)) return `status ${status}`;
  if (scenario.name === 'sse' && countTokens(body) !== STREAM_TOKENS) return `${countTokens(body)} tokens`;
  if (scenario.content !== undefined && !saysWhatUpstreamSent(body, scenario.content)) return 'other content';
  return undefined;
}

function headersOf({ accept, withToken, body }: Scenario, token: string): Record<string, string> {
  return {
    accept,
    ...(withToken ? { authorization: `Bearer ${token}` } : {}),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
}

/** Sends one request and reads the whole response. Throws unless it has the content that the upstream sent; later responses must be equal. */
export async function aim(scenario: Scenario, url: string, token: string): Promise<Target> {
  const { method, body } = scenario;
  const headers = headersOf(scenario, token);
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body }) });
  const sample = await response.text();
  const problem = problemWith(scenario, response.status, sample);
  if (problem !== undefined) throw new Error(`${method} ${url}: ${problem}: ${sample.slice(0, 500)}`);
  const { isExpectedStatus } = scenario;
  return { url, method, headers, body, isExpectedStatus, isExpectedBody: checkOf(scenario, sample) };
}
