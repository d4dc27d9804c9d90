import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { type ClientMetadata, Provider } from 'oidc-provider';
import { type HttpServer, startHttpServer } from '../backend/http-server.js';
import { LOOPBACK } from '../backend/loopback.js';
import type { Directory } from '../data/directory.js';
import { answerInteraction, INTERACTION } from './interactions.js';
import { IdentityStore } from './memory-adapter.js';
import { providerConfig } from './provider-config.js';

/** Name of the provider in the gateway's settings and paths: `/auth/sandbox/login`. */
export const PROVIDER_NAME = 'sandbox';

const CLIENT = { id: 'api-gateway', secret: 'sandbox-client-secret' } as const;
/** Not secret, and the same at each start: sessions that a Redis keeps can still be read. */
const SESSION_KEY = 'a session key for the sandbox alone';
const ALGORITHM = 'RS256';
const MAX_KEYS = 5;
const MAX_GATEWAYS = 20;

/** Gives the server on this port an address for others: host and port. */
type Expose = (port: number) => Promise<string>;

/** An OpenID Connect provider for the users of the sandbox. */
export class SandboxIdentityProvider {
  private readonly gateways = new Set<string>();
  private readonly store = new IdentityStore((id) => (id === CLIENT.id ? this.client() : undefined));
  private readonly cookieKey = randomBytes(32).toString('base64url');
  private keys: readonly JWK[] = [];
  private provider: Provider | undefined;
  private server: HttpServer | undefined;

  private constructor(private readonly directory: Directory) {}

  /** `iss` of its tokens, and where it is. */
  issuer = '';
  /** Client secrets that it accepts; gateways get the first. */
  clientSecret: string = CLIENT.secret;

  static async start(directory: Directory, expose: Expose): Promise<SandboxIdentityProvider> {
    const idp = new SandboxIdentityProvider(directory);
    idp.server = await startHttpServer((request, response) => idp.answer(request, response), LOOPBACK, 0);
    idp.issuer = `http://${await expose(idp.server.port)}`;
    await idp.rotateKeys();
    return idp;
  }

  /** Signs with a new key from now on and gives its `kid`; the old ones stay published. People stay signed in. */
  async rotateKeys(): Promise<string> {
    const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
    const kid = randomUUID();
    this.keys = [{ ...(await exportJWK(privateKey)), kid, alg: ALGORITHM, use: 'sig' }, ...this.keys].slice(
      0,
      MAX_KEYS,
    );
    const { directory, store, cookieKey, keys } = this;
    this.provider = new Provider(
      this.issuer,
      providerConfig({ directory, store, cookieKey, jwks: { keys: [...keys] } }),
    );
    return kid;
  }

  /** Registers a gateway as the client. Returns the settings with which it finds this provider. */
  admit(gatewayUrl: string): Record<string, string> {
    if (this.gateways.size >= MAX_GATEWAYS)
      throw new Error(`the identity provider knows ${MAX_GATEWAYS} gateways already`);
    this.gateways.add(gatewayUrl);
    const prefix = `GATEWAY_SSO_${PROVIDER_NAME.toUpperCase()}`;
    return {
      GATEWAY_PUBLIC_URL: gatewayUrl,
      GATEWAY_SESSION_KEY: SESSION_KEY,
      [`${prefix}_ISSUER`]: this.issuer,
      [`${prefix}_CLIENT_ID`]: CLIENT.id,
      [`${prefix}_CLIENT_SECRET`]: CLIENT.secret,
    };
  }

  async close(): Promise<void> {
    await this.server?.close();
  }

  /** Signing out is announced to the gateway that was admitted first: they share their sessions. */
  private client(): ClientMetadata {
    const urls = [...this.gateways];
    return {
      client_id: CLIENT.id,
      client_secret: this.clientSecret,
      redirect_uris: urls.map((url) => `${url}/auth/${PROVIDER_NAME}/callback`),
      post_logout_redirect_uris: urls.map((url) => `${url}/`),
      backchannel_logout_uri: `${urls[0]}/auth/backchannel-logout`,
      backchannel_logout_session_required: true,
    };
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const { provider } = this;
    if (provider === undefined) return void response.writeHead(503).end();
    const path = request.url?.split('?', 1)[0] ?? '';
    if (!INTERACTION.test(path)) return void provider.callback()(request, response);
    answerInteraction(provider, this.directory, request, response).catch((error: unknown) => {
      process.stderr.write(`sandbox: identity provider: ${String(error)}\n`);
      response.destroy();
    });
  }
}
