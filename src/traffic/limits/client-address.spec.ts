import { expect, it } from 'vitest';
import { clientKey } from './client-address.js';

it.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::ffff:cb00:7107', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8:1:2::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::', '0:0:0:0::/64'],
])('a client at %s is counted as %s', (address, key) => {
  expect(clientKey(address)).toBe(key);
});

it.each(['', 'x'.repeat(8000), '1:2', '1::2::3', '2001:db8:1:2:3:4:5:6:7', ':::', '1:2:3:4:5:6:7:gggg', '::1.x.2.3'])(
  'what is no address has one key for all of it: %j',
  (text) => {
    expect(clientKey(text)).toBe('other');
  },
);
