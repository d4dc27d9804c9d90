import { PassportStrategy } from '@nestjs/passport';
import passport from 'passport';
import { Strategy, type StrategyOptionsWithoutRequest } from 'passport-jwt';
import type { JWTPayload } from 'jose';
import type { Principal } from '../../domain/principal.js';
import { keyMissing } from './jwt-refusal.js';
import { TokenVerifier } from './token-verifier.js';

const NAME = 'jwt';

/** Passed to the strategy in place of an HTTP request: the token that the gateway has extracted. */
interface TokenRequest {
  readonly token: string;
}

/** Callbacks that passport adds to the strategy for one request. */
interface Outcomes {
  success(principal: Principal): void;
  fail(refusal: unknown): void;
}

/**
 * Passport-jwt strategy that verifies with jose: jsonwebtoken does not support EdDSA and accepts short keys. The
 * verification is overridden here instead of in `Strategy.JwtVerifier`, which all strategies of the process share, so
 * that an adopter's own strategy keeps its verifier.
 */
export class JwtStrategy extends PassportStrategy(Strategy, NAME) {
  /** Set by the base class during construction, hence without an initializer. */
  declare private passport: passport.PassportStatic;

  constructor(private readonly verifier: TokenVerifier) {
    super({
      jwtFromRequest: () => null,
      secretOrKey: "not used: keys are the verifier's",
    } satisfies StrategyOptionsWithoutRequest);
  }

  /** Called by passport on a copy of this strategy that belongs to one request. */
  override authenticate(this: this & Outcomes, request: unknown): void {
    const { token } = request as TokenRequest;
    void this.verifier
      .verify(token)
      .then((claims) => this.validate(claims))
      .then(
        (principal) => this.success(principal),
        (refusal: unknown) => this.fail(refusal),
      );
  }

  /**
   * Returns a separate passport instance: with the shared one, the last gateway of a process would verify for all of
   * them.
   */
  getPassportInstance(): passport.PassportStatic {
    return (this.passport ??= new (passport as unknown as { Passport: new () => passport.PassportStatic }).Passport());
  }

  /** Converts verified claims to the caller. */
  override validate(claims: JWTPayload): Principal {
    return this.verifier.principalOf(claims);
  }

  /** Returns the caller of a token. Rejects with the verifier's error, where passport alone would respond 401. */
  authenticateToken(token: string): Promise<Principal> {
    if (this.verifier.namesUnknownKey(token)) return Promise.reject(keyMissing);
    return new Promise((resolve, reject) => {
      const settle = (error: unknown, principal: Principal | false, refused: unknown): void => {
        if (principal) resolve(principal);
        else reject(error ?? refused);
      };
      this.passport.authenticate(NAME, { session: false }, settle)({ token }, undefined, reject);
    });
  }
}
