import { expect, it } from 'vitest';
import { differences } from './compare.js';

const OBJECT = `
kind: Deployment
metadata: { name: api-gateway }
spec:
  env: [{ name: A, value: '1' }, { name: B, value: '2' }]
  configMap: api-gateway-0123456789
`;

it.each([
  ['the hash in the name of a ConfigMap', OBJECT.replace('-0123456789', '')],
  ['the order of environment variables', OBJECT.replace(/\[(.*), (\{ name: B.*)\]/, '[$2, $1]')],
  ['a checksum of settings', OBJECT.replace('spec:', 'spec:\n  annotations: { checksum/settings: abc }')],
])('finds no difference in %s', (_, text) => {
  expect(text).not.toBe(OBJECT);
  expect(differences(OBJECT, text)).toEqual([]);
});

it.each([
  ['a value', OBJECT.replace("'2'", "'3'")],
  ['a member that is missing', OBJECT.replace(/ {2}env.*\n/, '')],
  ['an object that is missing', ''],
  ['an object too many', `${OBJECT}---\nkind: Service\nmetadata: { name: api-gateway }\n`],
  ['everybody as a peer', OBJECT.replace('spec:', 'spec:\n  peer: { namespaceSelector: {} }')],
])('finds %s', (_, text) => {
  expect(differences(OBJECT, text)).toHaveLength(1);
});
