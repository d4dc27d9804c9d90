import { beforeEach, describe, expect, it } from 'vitest';
import {
  AuthCacheFixture,
  MINUTE,
  REJECTED,
  serviceOf,
  UNAUTHENTICATED,
} from '../../../test/support/auth-cache-fixture.js';
import { MassRejection, type MassRejectionReport } from './mass-rejection.js';

let fixture: AuthCacheFixture;

beforeEach(() => {
  fixture = new AuthCacheFixture();
});

describe('the brake', () => {
  it('tells once when most of the approved credentials are turned down, and evicts them all the same', async () => {
    const keys = Array.from({ length: 30 }, (_, index) => `sk-${index}`);
    for (const key of keys) await fixture.request(key);
    fixture.now += MINUTE;
    fixture.answer = REJECTED;
    for (const key of keys) expect(await fixture.request(key)).toEqual(UNAUTHENTICATED);
    const told = fixture.lines.filter(({ msg }) => String(msg).startsWith('auth_mass_rejection'));
    expect(told).toMatchObject([{ level: 'error', rejected: 10, checked: 10 }]);
    expect((await fixture.metric('gateway_auth_mass_rejections_total'))['']).toBe(1);
  });

  it('says nothing when a few of many are turned down', async () => {
    const keys = Array.from({ length: 50 }, (_, index) => `sk-${index}`);
    for (const key of keys) await fixture.request(key);
    fixture.now += MINUTE;
    fixture.answer = (value) => (Number(value.slice(3)) % 3 === 0 ? REJECTED() : Promise.resolve(serviceOf()));
    for (const key of keys) await fixture.request(key);
    expect((await fixture.metric('gateway_auth_mass_rejections_total'))['']).toBe(0);
  });
});

describe('the report of mass rejections', () => {
  const WINDOW_MS = 60_000;

  /** Counts validations at one time, and returns what is reported of them. */
  function reportsOf(approvals: number, rejections: number): MassRejectionReport[] {
    const reports: MassRejectionReport[] = [];
    const detector = new MassRejection((report) => reports.push(report));
    for (let n = 0; n < approvals; n++) detector.record(true, 0);
    for (let n = 0; n < rejections; n++) detector.record(false, 0);
    return reports;
  }

  it.each([
    ['9 rejections are too few', 0, 9, []],
    ['10 rejections are enough', 0, 10, [{ rejected: 10, checked: 10 }]],
    ['half of the credentials is too few', 10, 10, []],
    ['one more than half is enough', 10, 11, [{ rejected: 11, checked: 21 }]],
    ['later rejections do not report again', 0, 30, [{ rejected: 10, checked: 10 }]],
  ])('follows the limits: %s', (_, approvals, rejections, reports) => {
    expect(reportsOf(approvals, rejections)).toEqual(reports);
  });

  it.each([
    ['within a minute are counted together', WINDOW_MS - 1, 1],
    ['a minute apart are not', WINDOW_MS, 0],
    ['before a clock that was set back are not counted', -1, 0],
  ])('covers one window: rejections %s', (_, laterMs, expected) => {
    let reports = 0;
    const detector = new MassRejection(() => (reports += 1));
    for (let n = 0; n < 9; n++) detector.record(false, 0);
    detector.record(false, laterMs);
    expect(reports).toBe(expected);
  });

  it('comes again in the next window, which begins with nothing counted', () => {
    let reports = 0;
    const detector = new MassRejection(() => (reports += 1));
    for (let n = 0; n < 10; n++) detector.record(false, 0);
    for (let n = 0; n < 9; n++) detector.record(false, WINDOW_MS);
    expect(reports).toBe(1);
    detector.record(false, WINDOW_MS);
    expect(reports).toBe(2);
  });

  it('does not count approvals of an earlier window', () => {
    let reports = 0;
    const detector = new MassRejection(() => (reports += 1));
    for (let n = 0; n < 100; n++) detector.record(true, 0);
    for (let n = 0; n < 10; n++) detector.record(false, WINDOW_MS);
    expect(reports).toBe(1);
  });
});
