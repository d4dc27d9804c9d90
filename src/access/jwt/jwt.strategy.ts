import { PassportStrategy } from '@nestjs/passport';
import passport from 'passport';
import { Strategy, type StrategyOptionsWithoutRequest } from 'passport-jwt';
import type { JWTPayload } from 'jose';
import type { Principal } from '../../domain/principal.js';
import { keyMissing } from './jwt-refusal.js';
import { TokenVerifier } from './token-verifier.js';

const NAME = 'jwt';

/** What the strategy sees in place of an HTTP request: a token that our own extractor has read. */
interface TokenRequest {
  readonly token: string;
}

/** What passport gives a strategy for one request. */
interface Outcomes {
  success(principal: Principal): void;
  fail(refusal: unknown): void;
}

/**
 * The passport-jwt strategy, which verifies with jose: jsonwebtoken knows no EdDSA and takes short keys. Verification is
 * overridden here and not in `Strategy.JwtVerifier`, which every strategy of the process shares: one of an adopter's own
 * keeps its verifier.
 */
export class JwtStrategy extends PassportStrategy(Strategy, NAME) {
  /** Set while the base class is being made, hence without an initial value. */
  declare private passport: passport.PassportStatic;

  constructor(private readonly verifier: TokenVerifier) {
    super({
      jwtFromRequest: () => null,
      secretOrKey: "not used: keys are the verifier's",
    } satisfies StrategyOptionsWithoutRequest);
  }

  /** Passport's entry: called on a copy of this strategy that belongs to one request. */
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

  /** A passport of its own: the shared one would let the last gateway of a process verify for all of them. */
  getPassportInstance(): passport.PassportStatic {
    return (this.passport ??= new (passport as unknown as { Passport: new () => passport.PassportStatic }).Passport());
  }

  /** Called with verified claims. */
  override validate(claims: JWTPayload): Principal {
    return this.verifier.principalOf(claims);
  }

  /** The caller behind a token. Rejects with what the verifier rejected with, where passport alone would say 401. */
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
