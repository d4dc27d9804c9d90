import { expect } from 'vitest';
import { ERROR_CODES, type GatewayErrorCode } from '../../src/domain/errors.js';

/** Members of every problem body, in their order. */
const MEMBERS = ['type', 'title', 'status', 'detail', 'instance', 'code', 'failure_domain', 'errors', 'request_id'];

interface Answer {
  readonly status: number;
  readonly contentType: string | null | undefined;
  readonly body: string;
}

/** Asserts that an answer is the problem of a code, complete and consistent, and returns its body. */
export function expectProblem(answer: Answer, code: GatewayErrorCode): Record<string, unknown> {
  expect(answer.contentType).toMatch(/^application\/problem\+json/);
  const body = JSON.parse(answer.body) as Record<string, unknown>;
  const row = ERROR_CODES[code];
  expect(body).toMatchObject({ code, status: row.status, title: row.title, failure_domain: row.domain });
  expect(Object.keys(body)).toEqual(code === 'RATE_LIMITED' ? [...MEMBERS, 'violated-policies'] : MEMBERS);
  expect(answer.status).toBe(row.status);
  expect(body.type).toBe(`/docs/errors#${code}`);
  return body;
}

/** The same for an answer of fetch. */
export async function expectFetchProblem(response: Response, code: GatewayErrorCode): Promise<Record<string, unknown>> {
  const { status, headers } = response;
  return expectProblem({ status, contentType: headers.get('content-type'), body: await response.text() }, code);
}
