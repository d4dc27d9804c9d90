import { expect, it } from 'vitest';
import { nodeAddress } from './forwarded-node.js';

it.each([
  ['203.0.113.7', '203.0.113.7'],
  ['203.0.113.7:4711', '203.0.113.7'],
  ['203.0.113.7:_port', '203.0.113.7'],
  ['2001:db8::1', '2001:db8::1'],
  ['[2001:db8::1]', '2001:db8::1'],
  ['[2001:db8::1]:443', '2001:db8::1'],
  ['[2001:db8::1%25eth0]:443', '2001:db8::1'],
  ['[203.0.113.7]', '203.0.113.7'],
  ['[fe80::1%eth0]:443', 'fe80::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['::FFFF:cb00:7107', '203.0.113.7'],
  ['[::ffff:203.0.113.7]:4711', '203.0.113.7'],
  ['::1', '::1'],
])('%s names %s', (node, address) => {
  expect(nodeAddress(node)).toBe(address);
});

it.each([
  '',
  'unknown',
  '_hidden',
  '_hidden:80',
  '999.1.1.1',
  '1.2.3',
  '[::1',
  '::1]',
  '1:2',
  ':80',
  '\xa0203.0.113.7',
  'x'.repeat(8000),
])('%j names no address', (node) => {
  expect(nodeAddress(node)).toBeUndefined();
});
