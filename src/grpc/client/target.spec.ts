import { describe, expect, it } from 'vitest';
import { parseTarget } from './target.js';

const at = (host: string, port = 50051) => ({ host, port });

describe('a target', () => {
  it('with a name is looked up, and its certificate is for that name', () => {
    expect(parseTarget('dns:///user.svc:50051')).toEqual({
      name: at('user.svc'),
      addresses: [],
      authority: 'user.svc:50051',
      serverName: 'user.svc',
    });
  });

  it.each([
    ['dns:///127.0.0.1:50051', [at('127.0.0.1')], '127.0.0.1:50051'],
    ['dns:///[::1]:50051', [at('::1')], '[::1]:50051'],
    ['ipv4:10.0.0.1:50051,10.0.0.2:50052', [at('10.0.0.1'), at('10.0.0.2', 50052)], '10.0.0.1:50051'],
    ['ipv6:[::1]:50051', [at('::1')], '[::1]:50051'],
  ])('%s is the address it says, and its certificate is for that', (target, addresses, authority) => {
    expect(parseTarget(target)).toEqual({ name: undefined, addresses, authority, serverName: undefined });
  });

  it.each(['unix:/run/user.sock', 'unix:///run/user.sock'])('%s is a socket in the file system', (target) => {
    expect(parseTarget(target)).toMatchObject({ addresses: [{ path: '/run/user.sock' }], authority: 'localhost' });
  });

  it.each(['user.svc:50051', 'xds:///user', 'dns:///user', ''])('%j is none', (target) => {
    expect(() => parseTarget(target)).toThrow('is no');
  });
});
