import { Inject, Injectable } from '@nestjs/common';
import { ConfigError } from '../config/config-error.js';
import type { CompiledRoute } from '../contract/compiled-route.js';
import { Contract } from '../contract/contract.js';
import { PASSED_HEADERS } from '../domain/passed-headers.js';

/** Refuses a later contract that lets headers of backends through which connections to them do not read. */
@Injectable()
export class PassedHeaderCheck {
  constructor(contract: Contract, @Inject(PASSED_HEADERS) passed: readonly string[]) {
    contract.follow(({ routes }) => {
      refuseOthers(routes, passed);
      return () => undefined;
    });
  }
}

/** Connections learn at the start which headers are read. Throws ConfigError for a contract that lets others through. */
function refuseOthers(routes: readonly CompiledRoute[], passed: readonly string[]): void {
  const names = routes.flatMap(({ route }) => route.method.policy.responseHeaders ?? []);
  const added = names.find((name) => !passed.includes(name));
  if (added === undefined) return;
  const reason = `lets the response header ${added} through, which connections to upstreams learn at the start`;
  throw new ConfigError([{ name: 'GATEWAY_DESCRIPTORS', reason, hint: 'restart the gateway' }]);
}
