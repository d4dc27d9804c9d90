import { describe, expect, test } from 'vitest';
import { isLoopbackTarget } from './loopback.js';
import { Refusal } from './setting.js';
import { addressOrNone } from './upstream-address.js';

describe('an upstream address is understood in the ways people write it:', () => {
  test.each([
    ['user-service:50051', 'dns:///user-service:50051', undefined],
    ['user_service.ns.svc.cluster.local:50051', 'dns:///user_service.ns.svc.cluster.local:50051', undefined],
    ['localhost:50051', 'dns:///localhost:50051', undefined],
    ['127.0.0.1:50051', 'dns:///127.0.0.1:50051', undefined],
    ['[::1]:50051', 'dns:///[::1]:50051', undefined],
    ['dns:///user-service:50051', 'dns:///user-service:50051', undefined],
    ['dns:user-service:50051', 'dns:///user-service:50051', undefined],
    ['grpc://user-service:50051', 'dns:///user-service:50051', false],
    ['http://user-service:50051', 'dns:///user-service:50051', false],
    ['http://user-service:50051/', 'dns:///user-service:50051', false],
    ['grpcs://user-service:50051', 'dns:///user-service:50051', true],
    ['HTTPS://user-service:50051', 'dns:///user-service:50051', true],
    ['ipv4:10.0.0.1:50051,10.0.0.2:50051', 'ipv4:10.0.0.1:50051,10.0.0.2:50051', undefined],
    ['ipv6:[::1]:50051', 'ipv6:[::1]:50051', undefined],
    ['unix:/run/user.sock', 'unix:/run/user.sock', undefined],
  ])('%s', (raw, target, encrypted) => {
    expect(addressOrNone.parse(raw)).toEqual({ target, encrypted });
  });
});

describe('an address that cannot work is refused with a hint:', () => {
  test.each([
    ['user-service', 'has no port', 'write user-service:50051'],
    ['http://user-service', 'has no port', 'write user-service:50051'],
    ['None', 'has no port', 'write none for an upstream that does not exist'],
    ['disabled', 'has no port', 'write none for an upstream that does not exist'],
    ['user-service:', 'has no port', 'write user-service:50051'],
    ['user-service:http', 'has port http, which is not a number', 'write a port'],
    ['user-service:0', 'has port 0, which does not exist', 'write a port'],
    ['user-service:70000', 'has port 70000, which does not exist', 'write a port'],
    [':50051', 'has no host', 'write localhost:50051'],
    ['::1:50051', 'is ambiguous', 'put the address in brackets'],
    ['127.0.0.300:50051', 'has no valid host name', 'write host:port'],
    ['user service:50051', 'has no valid host name', 'write host:port'],
    ['http://user-service:50051/v1', 'has a path', 'gRPC addresses have no path: write user-service:50051'],
    ['dns://user-service:50051', 'names a DNS server', 'write three slashes: dns:///user-service:50051'],
    ['tcp://10.0.0.1:50051', 'has a scheme that is not one of a gRPC address', 'write host:port'],
    ['htp://user-service:50051', 'has a scheme that is not one of a gRPC address', 'write host:port'],
    ['grpc://me:secret@user-service:50051', 'contains a user name or password', 'write host:port'],
  ])('%s', (raw, reason, hint) => {
    const refusal = catchRefusal(raw);
    expect(refusal.message).toContain(reason);
    expect(refusal.hint).toContain(hint);
  });
});

test('the word none says that there is no upstream, and nothing else does', () => {
  expect(addressOrNone.parse('none')).toBe('none');
  expect(addressOrNone.parse('none:50051')).toEqual({ target: 'dns:///none:50051', encrypted: undefined });
});

test('an address is on this machine when all of its hosts are', () => {
  const local = [
    'dns:///localhost:1',
    'dns:///127.0.0.2:1',
    'dns:///[::1]:1',
    'unix:/a',
    'ipv4:127.0.0.1:1,127.0.0.2:1',
  ];
  const remote = ['dns:///user:1', 'dns:///10.0.0.1:1', 'ipv4:127.0.0.1:1,10.0.0.1:1', 'dns:///127.0.0.1.evil.test:1'];
  expect(local.map(isLoopbackTarget)).toEqual(local.map(() => true));
  expect(remote.map(isLoopbackTarget)).toEqual(remote.map(() => false));
});

function catchRefusal(raw: string): Refusal {
  try {
    throw new Error(`understood as ${JSON.stringify(addressOrNone.parse(raw))}`);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}
