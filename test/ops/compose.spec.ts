import { describe, expect, it } from 'vitest';
import { readSettings } from '../../sandbox/settings.js';
import { parseEnvironment } from '../../src/config/environment.js';
import { readText, readYaml } from './project-files.js';

interface Service {
  readonly container_name?: string;
  readonly profiles?: readonly string[];
  readonly build: { readonly target: string };
  readonly networks: { readonly default: { readonly aliases: readonly string[] } };
  readonly environment: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
  readonly stop_grace_period?: string;
}

const { services } = readYaml<{ services: Readonly<Record<'backends' | 'api-gateway', Service>> }>(
  'docker-compose.yml',
);
const { backends, 'api-gateway': gateway } = services;

/** Variables as compose passes them on when the caller's environment is empty. */
function withDefaults(environment: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(environment);
  return Object.fromEntries(entries.map(([name, value]) => [name, value.replace(/^\$\{\w+:-(.*)\}$/, '$1')]));
}

describe('docker-compose.yml', () => {
  it('starts the backends alone unless the gateway is asked for', () => {
    expect(backends.profiles).toBeUndefined();
    expect(gateway.profiles).toEqual(['gateway']);
    expect(gateway.container_name).toBe('api-gateway');
  });

  it('gives the gateway settings that it accepts', () => {
    const config = parseEnvironment(withDefaults(gateway.environment));
    expect([...config.upstreams.keys()]).toEqual(['auth', 'user', 'tenant', 'ai', 'guardrail']);
  });

  it('gives the backends settings that they accept', () => {
    expect(readSettings(backends.environment).ports.auth).toBe(50051);
  });

  it('lets the gateway find each backend by its name and port', () => {
    const ports = readSettings(backends.environment).ports;
    const expected = (['auth', 'user', 'tenant', 'ai', 'guardrail'] as const).map(
      (name) => `${name}-service:${ports[name]}`,
    );
    const addresses = ['AUTH', 'USER', 'TENANT', 'AI', 'GUARDRAIL'].map(
      (name) => gateway.environment[`${name}_SERVICE_URL`],
    );
    expect(addresses).toEqual(expected);
    expect(backends.networks.default.aliases).toEqual(expected.map((address) => address.split(':')[0]));
    expect(gateway.environment['JWT_JWKS_URL']).toBe(`http://auth-service:${ports.jwks}/jwks.json`);
  });

  it('publishes the ports that are listened on, to this machine only', () => {
    // The container runs the sandbox without the identity provider, which only a browser beside the gateway can use.
    const { idp: _idp, ...ports } = readSettings(backends.environment).ports;
    expect(backends.ports).toEqual(Object.values(ports).map((port) => `127.0.0.1:${port}:${port}`));
    const port = gateway.environment['API_GATEWAY_PORT'];
    expect(gateway.ports).toEqual([`127.0.0.1:${port}:${port}`]);
  });

  it('builds stages of the Dockerfile', () => {
    for (const { build } of [backends, gateway]) expect(readText('Dockerfile')).toContain(` AS ${build.target}\n`);
  });
});
