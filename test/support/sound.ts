import { expect } from 'vitest';
import { DECISION_REASONS } from '../../src/domain/decision-reason.js';
import type { GatewayErrorCode } from '../../src/domain/errors.js';
import type { FaultFixture, Scenario } from './fault-fixture.js';
import { Scrape } from './metrics.js';
import { expectProblem } from './problem.js';

/** Connections that an upstream may have when all is quiet. */
const HANDFUL = 4;
const AT_REST = ['gateway_upstream_in_flight_requests', 'gateway_queue_depth'];

/** Asserts what holds after every fault, once it is repaired: no crash, nothing left in flight or open, every failure reported, no other client affected. */
export async function expectSound(faults: FaultFixture, scenario: Scenario, moved: readonly string[]): Promise<void> {
  expect(scenario.bystander.failures, 'others did not notice').toEqual([]);
  expect(faults.crashes.crashes, 'nothing crashed').toEqual([]);
  expect(faults.subject.isAlive(), 'the process is alive').toBe(true);
  await expectRest(faults, scenario);
  for (const answer of scenario.answers) expectWellFormed(answer);
  await expectLines(faults, scenario);
  const after = await Scrape.of(faults.url);
  for (const selector of moved) {
    expect(after.sum(selector), selector).toBeGreaterThan(scenario.before.sum(selector));
  }
}

/** Nothing is in flight, at the gateway or at a backend, and no upstream has more than a few connections. */
async function expectRest(faults: FaultFixture, { before }: Scenario): Promise<void> {
  const { url, sandbox } = faults;
  const inFlight = 'gateway_in_flight_requests';
  const left = async () => {
    const scrape = await Scrape.of(url);
    return {
      requests: scrape.sum(inFlight),
      calls: AT_REST.map((name) => scrape.sum(name)),
      atBackends: sandbox.calls.list().filter(({ outcome }) => outcome === null).length,
    };
  };
  await expect.poll(left).toEqual({ requests: before.sum(inFlight), calls: [0, 0], atBackends: 0 });
  await expect.poll(() => Math.max(...faults.openSockets().values())).toBeLessThanOrEqual(HANDFUL);
}

/** Asserts that every failed response is a complete problem of the code that it names. */
function expectWellFormed({ status, code, headers, body }: Scenario['answers'][number]): void {
  if (status < 300) return;
  expectProblem({ status, contentType: headers.get('content-type'), body }, code as GatewayErrorCode);
}

/** One line for each request that was sent, with the outcome that the client was told, and a reason of the closed list where a decision was made. */
async function expectLines({ lines }: FaultFixture, scenario: Scenario): Promise<void> {
  const ofScenario = () => lines.slice(scenario.lines);
  const ofRequests = () => ofScenario().filter(({ logger }) => logger === 'AUTH_DECISION');
  await expect.poll(() => ofRequests().length).toBe(scenario.asked + scenario.bystander.requests);
  for (const { decision_reason, outcome, status } of ofRequests()) {
    if (outcome === '') expect(status, 'refused before there was anything to decide').toBe(400);
    else expect(DECISION_REASONS).toContain(decision_reason);
  }
  const lineOf = new Map(ofRequests().map((line) => [line.request_id, line]));
  for (const { status, code, headers } of scenario.answers) {
    // A stream that fails later has its status by then.
    const told = status < 300 ? { status } : { status, error_code: code };
    expect(lineOf.get(headers.get('x-request-id'))).toMatchObject(told);
  }
  expect(ofScenario().filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
}
