import 'reflect-metadata';
import type { Type } from '@nestjs/common';
import type { JWTHeaderParameters } from 'jose';
import type { User } from '../src/gen/user/v1/user_pb.js';
import { isLoopbackHost } from '../src/config/loopback.js';
import { AIModule } from './ai/ai.module.js';
import { AccessTokens, type ClaimOverrides } from './auth/access-tokens.js';
import { AuthModule } from './auth/auth.module.js';
import { startKeyServer } from './auth/key-server.js';
import { SigningKeys } from './auth/signing-keys.js';
import { CallLog } from './backend/call-log.js';
import { LOOPBACK } from './backend/loopback.js';
import { startBackend } from './backend/start.js';
import type { Wire } from './backend/wire.js';
import type { Directory } from './data/directory.js';
import { Revocations } from './data/revocations.js';
import { seedDirectory } from './data/seed.js';
import { type Fault, type FaultInput, NO_FAULT } from './faults/fault.js';
import { FaultProxy } from './faults/fault-proxy.js';
import { startFaultServer } from './faults/fault-server.js';
import { BlockedWord } from './guardrail/blocked-word.js';
import { GuardrailModule } from './guardrail/guardrail.module.js';
import { SandboxIdentityProvider } from './oidc/identity-provider.js';
import { type MockedServices, mockServices } from './mocked-services.js';
import { OpenParts } from './open-parts.js';
import { TenantModule } from './tenant/tenant.module.js';
import { UserModule } from './user/user.module.js';

const REDIS_PORT = 6379;

/** Name of a fault switch: a backend, the guardrail, the HTTP server of AuthService's keys, the identity provider, or Redis. */
export type Upstream = 'auth' | 'user' | 'tenant' | 'ai' | 'guardrail' | 'jwks' | 'idp' | 'redis';

export interface SandboxOptions {
  /** Ports to listen on; one that is left out or 0 is any free one. */
  readonly ports?: Partial<Record<Upstream | 'faults', number>>;
  /** Address to listen on, 127.0.0.1 unless given; the URLs of a sandbox on 0.0.0.0 are those of 127.0.0.1. */
  readonly host?: string;
  /** False: no HTTP server for the fault switches and the call log. */
  readonly faultServer?: boolean;
  /** False: no identity provider. */
  readonly idp?: boolean;
  /** True: a guardrail for the messages of the AI. */
  readonly guardrail?: boolean;
  /** Decides what the fault `flaky` resets; Math.random unless given. */
  readonly random?: () => number;
  /** Age at which the backends ask for a connection to be ended (GOAWAY); never unless given. */
  readonly maxConnectionAgeMs?: number | undefined;
  /**
   * Redis of the gateways, which are notified there of revoked credentials; without it there are no notifications. One on this machine
   * gets a fault switch.
   */
  readonly redisUrl?: string | undefined;
  /** Descriptor sets of an adopter, whose services a mock answers for. */
  readonly mocks?: readonly string[];
  /** Permissions of admins in addition to those of their role and of the policies of the mocked services. */
  readonly grants?: readonly string[];
}

/** Everything around a gateway: four backends, maybe a guardrail, an issuer, fault switches and a record of all calls. */
export interface SandboxEnvironment {
  /** Addresses (host:port) of the backends, each behind its fault switch. */
  readonly authUrl: string;
  readonly userUrl: string;
  readonly tenantUrl: string;
  readonly aiUrl: string;
  /** The same of the guardrail; undefined in a sandbox without. */
  readonly guardrailUrl: string | undefined;
  /** AuthService's issuer: the `iss` of its tokens and the base of `jwksUrl`. */
  readonly issuer: string;
  readonly jwksUrl: string;
  /** Base URL of the fault switches and the call log; empty without that server. */
  readonly faultsUrl: string;
  /** Redis behind its fault switch, for gateways; undefined without one. */
  readonly redisUrl: string | undefined;
  /** The identity provider at which browsers sign in; undefined in a sandbox without. */
  readonly idp: SandboxIdentityProvider | undefined;
  /** Mock of an adopter's services; undefined in a sandbox without mocks. */
  readonly mocked: MockedServices | undefined;
  readonly calls: CallLog;
  /** The data of the backends, to be read and changed by tests. */
  readonly directory: Directory;
  /** Resolves once the fault holds. */
  setFault(upstream: Upstream, fault: FaultInput): Promise<Fault>;
  /**
   * The settings with which a gateway finds this sandbox.
   * @param gatewayUrl where browsers reach it; without it nobody can sign in with one.
   */
  gatewayEnv(gatewayUrl?: string): Record<string, string>;
  /** An access token for a user, by e-mail address or id, with any claim or header changed or (undefined) left out. */
  issueToken(user: string, claims?: ClaimOverrides, header?: Partial<JWTHeaderParameters>): Promise<string>;
  /** Signs with a new key from now on, of this name or any, and gives its `kid`; the old keys stay published. */
  rotateKeys(kid?: string): Promise<string>;
  /** Withdraws all keys but the newest. */
  forgetOldKeys(): void;
  /** Stops everything and leaves nothing open. Idempotent. */
  close(): Promise<void>;
}

/** Starts a sandbox in this process. Rejects, with nothing left open, when a port is taken. */
export async function startSandbox(options: SandboxOptions = {}): Promise<SandboxEnvironment> {
  const parts = new OpenParts();
  try {
    return await assemble(options, parts);
  } catch (error) {
    await parts.close();
    throw error;
  }
}

async function assemble(options: SandboxOptions, parts: OpenParts): Promise<SandboxEnvironment> {
  const { host = LOOPBACK, ports = {}, random = Math.random, maxConnectionAgeMs } = options;
  const calls = parts.add(new CallLog());
  const directory = seedDirectory();
  const keys = await SigningKeys.create();
  const { proxies, reachable, expose, faultOf } = faultSwitches(options, parts);

  const keyServer = parts.add(await startKeyServer(keys, calls, faultOf('jwks')));
  const issuer = `http://${await expose('jwks', keyServer.port)}`;
  const mocked = await mockServices(options.mocks ?? [], parts, expose);
  const tokens = new AccessTokens(issuer, keys, [...(mocked?.permissions ?? []), ...(options.grants ?? [])]);
  const revocations = parts.add(new Revocations(options.redisUrl));
  const word = new BlockedWord(faultOf('guardrail'));
  const shared = { instances: [directory, tokens, revocations, word], calls, random, maxConnectionAgeMs };
  const start = async (upstream: Exclude<Upstream, 'jwks' | 'idp' | 'redis'>, module: Type): Promise<string> => {
    const backend = await startBackend({ upstream, module, fault: faultOf(upstream), ...shared });
    return expose(upstream, parts.add(backend).port);
  };
  const authUrl = await start('auth', AuthModule);
  const userUrl = await start('user', UserModule);
  const tenantUrl = await start('tenant', TenantModule);
  const aiUrl = await start('ai', AIModule);
  const guardrailUrl = options.guardrail ? await start('guardrail', GuardrailModule) : undefined;

  const startIdp = () => SandboxIdentityProvider.start(directory, (port) => expose('idp', port));
  const idp = options.idp === false ? undefined : parts.add(await startIdp());
  const redisUrl = await exposeRedis(options.redisUrl, expose);
  const backends = { authUrl, userUrl, tenantUrl, aiUrl, guardrailUrl };
  const addresses = { ...backends, issuer, jwksUrl: `${issuer}/jwks.json`, redisUrl };
  const faultsPort = async () => parts.add(await startFaultServer({ proxies, calls }, host, ports.faults ?? 0)).port;
  const faultsUrl = options.faultServer === false ? '' : `http://${reachable}:${await faultsPort()}`;
  return {
    ...addresses,
    faultsUrl,
    idp,
    mocked,
    calls,
    directory,
    setFault: (upstream, fault) => faultSwitch(proxies, upstream).set(fault),
    gatewayEnv: (url) => ({
      ...gatewayEnv(addresses),
      ...mocked?.gatewayEnv,
      ...(url === undefined ? {} : idp?.admit(url)),
    }),
    issueToken: (user, claims, header) => tokens.issue(findUser(directory, user), claims, header),
    rotateKeys: (kid) => keys.rotate(kid),
    forgetOldKeys: () => keys.forgetOldKeys(),
    close: () => parts.close(),
  };
}

/** Fault switches by name; each is made when the server behind it is exposed. */
function faultSwitches({ host = LOOPBACK, ports = {}, random = Math.random }: SandboxOptions, parts: OpenParts) {
  const proxies = new Map<string, FaultProxy>();
  const reachable = host === '0.0.0.0' ? LOOPBACK : host;
  const expose = async (upstream: string, targetPort: number): Promise<string> => {
    const proxy = await FaultProxy.start({ host, port: ports[upstream as Upstream] ?? 0, targetPort, random });
    proxies.set(upstream, parts.add(proxy));
    return `${reachable}:${proxy.port}`;
  };
  const faultOf = (upstream: Upstream) => () => proxies.get(upstream)?.fault ?? NO_FAULT;
  return { proxies, reachable, expose, faultOf };
}

/** The URL of a Redis through its fault switch; undefined for none, and for one that is not on this machine. */
async function exposeRedis(url: string | undefined, expose: (upstream: 'redis', port: number) => Promise<string>) {
  if (url === undefined || url === '') return undefined;
  const through = new URL(url);
  if (!isLoopbackHost(through.hostname) || through.protocol !== 'redis:') return undefined;
  through.host = await expose('redis', Number(through.port || REDIS_PORT));
  return through.href;
}

type Addresses = Pick<
  SandboxEnvironment,
  'authUrl' | 'userUrl' | 'tenantUrl' | 'aiUrl' | 'guardrailUrl' | 'issuer' | 'jwksUrl' | 'redisUrl'
>;

function gatewayEnv(addresses: Addresses): Record<string, string> {
  const { authUrl, userUrl, tenantUrl, aiUrl, guardrailUrl, issuer, jwksUrl, redisUrl } = addresses;
  return {
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    AUTH_SERVICE_URL: authUrl,
    USER_SERVICE_URL: userUrl,
    TENANT_SERVICE_URL: tenantUrl,
    AI_SERVICE_URL: aiUrl,
    ...(guardrailUrl === undefined ? {} : { GUARDRAIL_SERVICE_URL: guardrailUrl }),
    JWT_ISSUER: issuer,
    JWT_JWKS_URL: jwksUrl,
  };
}

function faultSwitch(proxies: ReadonlyMap<string, FaultProxy>, name: string): FaultProxy {
  const proxy = proxies.get(name);
  if (proxy === undefined) throw new Error(`no fault switch "${name}"; known: ${[...proxies.keys()].join(', ')}`);
  return proxy;
}

function findUser(directory: Directory, name: string): Wire<User> {
  const user = [...directory.users.values()].find(({ id, email }) => id === name || email === name);
  if (user === undefined) throw new Error(`no user of the sandbox has the id or e-mail address "${name}"`);
  return user;
}
