import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from 'jose';
import { type HttpServer, startHttpServer } from '../../sandbox/backend/http-server.js';

const CLIENT_ID = 'gateway';

/** Claims of a token; one that is undefined is left out. */
export type Claims = Readonly<Record<string, unknown>>;

interface SigningKey {
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

/** An identity provider that says whatever a test wants, true or false. Nobody signs in at it: the test plays the browser. */
export class FakeProvider {
  /** Responses by path; a test may change them. */
  readonly answers: Record<string, () => unknown> = {};
  /** Requests by path. */
  readonly asked: string[] = [];
  private server: HttpServer | undefined;

  private constructor(readonly key: SigningKey) {}

  static async start(): Promise<FakeProvider> {
    const provider = new FakeProvider(await newKey());
    provider.server = await startHttpServer((request, response) => provider.answer(request, response), '127.0.0.1', 0);
    provider.reset();
    return provider;
  }

  get issuer(): string {
    return `http://127.0.0.1:${this.server?.port}`;
  }

  /** Settings of a gateway that knows it as `fake`. */
  get env(): Record<string, string> {
    return {
      GATEWAY_SSO_FAKE_ISSUER: this.issuer,
      GATEWAY_SSO_FAKE_CLIENT_ID: CLIENT_ID,
      GATEWAY_SSO_FAKE_CLIENT_SECRET: 'fake client secret, long enough for HS256',
    };
  }

  /** Behaves well again, but for tokens, of which it has none. */
  reset(): void {
    const { issuer } = this;
    this.answers['/.well-known/openid-configuration'] = () => ({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      userinfo_endpoint: `${issuer}/userinfo`,
      end_session_endpoint: `${issuer}/end`,
      id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
      authorization_response_iss_parameter_supported: true,
      response_types_supported: ['code'],
      subject_types_supported: ['public'],
    });
    this.answers['/jwks'] = () => ({ keys: [this.key.jwk] });
    this.answers['/token'] = () => undefined;
    this.answers['/userinfo'] = () => undefined;
  }

  /** Answers the next exchange of a code with this ID token. */
  giveToken(idToken: string): void {
    this.answers['/token'] = () => ({ access_token: 'provider-access-token', token_type: 'Bearer', id_token: idToken });
  }

  /** An ID token of alice's that is good, but for what is changed. */
  sign(claims: Claims, header: Partial<JWTHeaderParameters> = {}, key: SigningKey = this.key): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const all: Record<string, unknown> = {
      iss: this.issuer,
      aud: CLIENT_ID,
      sub: 'alice-at-the-provider',
      exp: now + 300,
      iat: now,
      email: 'alice@acme.test',
      email_verified: true,
      ...claims,
    };
    const kept = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
    return new SignJWT(kept)
      .setProtectedHeader({ alg: 'RS256', kid: key.jwk.kid ?? '', ...header })
      .sign(key.privateKey);
  }

  async close(): Promise<void> {
    await this.server?.close();
  }

  private answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url?.split('?', 1)[0] ?? '';
    this.asked.push(path);
    request.resume();
    const body = this.answers[path]?.();
    const status = body === undefined ? 500 : 200;
    response
      .writeHead(status, { 'content-type': 'application/json' })
      .end(JSON.stringify(body ?? { error: 'server_error' }));
  }
}

/** A key pair of a provider. */
export async function newKey(): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true });
  return { privateKey, jwk: { ...(await exportJWK(publicKey)), kid: randomUUID(), alg: 'RS256', use: 'sig' } };
}
