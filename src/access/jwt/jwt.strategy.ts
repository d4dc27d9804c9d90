import { PassportStrategy } from '@nestjs/passport';
import passport from 'passport';
import { Strategy, type StrategyOptionsWithoutRequest } from 'passport-jwt';
import type { Principal } from '../../domain/principal.js';
import { toPrincipal } from './claims.js';
import { TokenVerifier } from './token-verifier.js';

const NAME = 'jwt';

/** What the strategy sees in place of an HTTP request: a token that our own extractor has read (fact F2). */
interface TokenRequest {
  readonly token: string;
}

type Done = (error: unknown, claims?: unknown) => void;

/** The one part of passport-jwt that has no type: where it verifies. */
interface VerifyingStrategy {
  JwtVerifier: (token: string, key: unknown, options: unknown, done: Done) => void;
}

const { JwtVerifier: byJsonWebToken } = Strategy as unknown as VerifyingStrategy;

// It is one for the process, so it holds nothing: each strategy passes its own verifier where others pass a key.
(Strategy as unknown as VerifyingStrategy).JwtVerifier = (token, key, options, done) => {
  if (!(key instanceof TokenVerifier)) return byJsonWebToken(token, key, options, done);
  void verifyWith(key, token, done);
};

async function verifyWith(verifier: TokenVerifier, token: string, done: Done): Promise<void> {
  const outcome = await verifier.verify(token).then(
    (claims) => ({ error: null, claims }),
    (error: unknown) => ({ error, claims: undefined }),
  );
  done(outcome.error, outcome.claims);
}

/** The passport-jwt strategy, with jose in the place of its verifier: that one knows no EdDSA and takes short keys (SEC-6). */
export class JwtStrategy extends PassportStrategy(Strategy, NAME) {
  /** Set while the base class is being made, hence without an initial value. */
  declare private passport: passport.PassportStatic;

  constructor(verifier: TokenVerifier) {
    super({
      jwtFromRequest: ({ token }: TokenRequest) => token,
      secretOrKeyProvider: (_request: TokenRequest, _token: string, done: Done) => done(null, verifier),
    } as unknown as StrategyOptionsWithoutRequest);
  }

  /** A passport of its own: the shared one would let the last gateway of a process verify for all of them. */
  getPassportInstance(): passport.PassportStatic {
    return (this.passport ??= new (passport as unknown as { Passport: new () => passport.PassportStatic }).Passport());
  }

  /** Called with verified claims. */
  override validate(claims: unknown): Principal {
    return toPrincipal(claims);
  }

  /** The caller behind a token. Rejects with what the verifier rejected with, where passport alone would say 401 (fact F16). */
  authenticateToken(token: string): Promise<Principal> {
    return new Promise((resolve, reject) => {
      const settle = (error: unknown, principal: Principal | false, refused: unknown): void => {
        if (principal) resolve(principal);
        else reject(error ?? refused);
      };
      this.passport.authenticate(NAME, { session: false }, settle)({ token }, undefined, reject);
    });
  }
}
