import { beforeEach, describe, expect, it } from 'vitest';
import { SignInThrottle } from './sign-in-throttle.js';

let now: number;
let throttle: SignInThrottle;

beforeEach(() => {
  now = 0;
  throttle = new SignInThrottle(() => now);
});

const fail = (times: number) => {
  for (let n = 0; n < times; n++) throttle.failed('alice@acme.test');
};
const isAdmitted = (identifier = 'alice@acme.test') => {
  try {
    throttle.admit(identifier);
    return true;
  } catch {
    return false;
  }
};

describe('an account', () => {
  it.each([
    [4, 0],
    [5, 1_000],
    [6, 2_000],
    [9, 16_000],
    [50, 900_000],
  ])('after %i failures waits %i ms', (failures, waitMs) => {
    fail(failures);
    now = waitMs - 1;
    if (waitMs > 0) expect(isAdmitted()).toBe(false);
    now = waitMs;
    expect(isAdmitted()).toBe(true);
  });

  it('takes no more than a hundred failures in a row', () => {
    fail(100);
    now = 365 * 86_400_000;
    expect(isAdmitted()).toBe(false);
  });

  it('is forgiven by a success', () => {
    fail(50);
    throttle.succeeded('alice@acme.test');
    fail(4);
    expect(isAdmitted()).toBe(true);
  });

  it.each(['ALICE@acme.test', ' alice@acme.test ', 'ａlice@acme.test'])(
    'is the same when it is spelled %j',
    (spelling) => {
      fail(5);
      expect(isAdmitted(spelling)).toBe(false);
      expect(isAdmitted('bob@acme.test')).toBe(true);
    },
  );
});
