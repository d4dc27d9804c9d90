import { SignJWT, exportJWK, generateKeyPair, type CryptoKey } from 'jose';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TENANT } from '../fixtures.js';

const ISSUER = 'http://issuer.bench.test';
const AUDIENCE = 'api-gateway';
const KEY_ID = 'bench';

/** An issuer of one token, its keys served over HTTP as an identity provider does. */
export interface Identity {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
  /** RFC 9068 access token, RS256, good for an hour. */
  readonly token: string;
  readonly close: () => void;
}

function sign(key: CryptoKey): Promise<string> {
  const claims = {
    tenant_id: TENANT,
    client_id: 'bench',
    roles: ['admin'],
    permissions: ['user.read', 'user.write', 'user.admin', 'ai.use'],
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', kid: KEY_ID, typ: 'at+jwt' })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject('01JDV5Q3M8ZK4W9T6X2Y999999')
    .setJti('bench-token')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(key);
}

/** Makes a key pair, signs the token and serves the JWKS on the loopback interface. */
export async function openIdentity(): Promise<Identity> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: KEY_ID, alg: 'RS256', use: 'sig' }] });
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json').end(keys);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    issuer: ISSUER,
    audience: AUDIENCE,
    jwksUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks.json`,
    token: await sign(privateKey),
    close: () => server.close(),
  };
}
