import { Inject, Injectable } from '@nestjs/common';
import { ConfigError } from '../config/config-error.js';
import type { CompiledRoute } from '../contract/compiled-route.js';
import { Contract } from '../contract/contract.js';
import { PASSED_HEADERS } from '../domain/passed-headers.js';

/** Rejects a later contract that passes backend headers which connections do not read. */
@Injectable()
export class PassedHeaderCheck {
  constructor(contract: Contract, @Inject(PASSED_HEADERS) passed: readonly string[]) {
    contract.follow(({ routes }) => {
      refuseOthers(routes, passed);
      return () => undefined;
    });
  }
}

/**
 * Throws ConfigError for a contract that passes other headers than those that connections read, which is fixed at
 * startup.
 */
function refuseOthers(routes: readonly CompiledRoute[], passed: readonly string[]): void {
  const names = routes.flatMap(({ route }) => route.method.policy.responseHeaders ?? []);
  const added = names.find((name) => !passed.includes(name));
  if (added === undefined) return;
  const reason = `lets the response header ${added} through, which connections to upstreams learn at the start`;
  throw new ConfigError([{ name: 'GATEWAY_DESCRIPTORS', reason, hint: 'restart the gateway' }]);
}
