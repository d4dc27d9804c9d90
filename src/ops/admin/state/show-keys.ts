import type { GatewayConfig } from '../../../config/gateway-config.js';
import type { KeysReport } from '../../../access/jwt/remote-keys.js';
import type { SigningKeys } from '../../../access/jwt/signing-keys.js';
import { shownMs } from './shown-time.js';

/** Shows the signing keys of each issuer by id and age; of shared secrets only that they are set. */
export function showKeys({ jwt }: Pick<GatewayConfig, 'jwt'>, keys: SigningKeys): object {
  return {
    ready: keys.ready,
    sharedSecret: { isSet: jwt.secret !== undefined, isPreviousSet: jwt.secretPrevious !== undefined },
    keySets: keys.report().map(({ ageMs, nextRefreshInMs, ...rest }: KeysReport) => ({
      issuer: issuerOf(jwt, rest.url),
      ...rest,
      ageMs: ageMs === undefined ? null : shownMs(ageMs),
      nextRefreshInMs: nextRefreshInMs === undefined ? null : shownMs(nextRefreshInMs),
    })),
  };
}

function issuerOf({ issuer, issuers, jwksUrl }: GatewayConfig['jwt'], url: string): string | null {
  if (url === jwksUrl) return issuer ?? null;
  return issuers.find((each) => each.jwksUrl === url)?.issuer ?? null;
}
