import { API_KEYS } from './auth/credentials.js';
import { PASSWORD, PEOPLE } from './data/seed.js';
import type { World } from './world.js';

/** What a newcomer needs to see once everything runs: where it is, who may sign in, what to try. */
export function banner(gatewayUrl: string, world: World): string {
  const login = JSON.stringify({ identifier: PEOPLE[0].email, password: PASSWORD });
  return `
  The sandbox is up.

  Gateway    ${gatewayUrl}   (API reference: ${gatewayUrl}/docs)
  Backends   auth ${world.authUrl}   user ${world.userUrl}   tenant ${world.tenantUrl}   ai ${world.aiUrl}
  Issuer     ${world.issuer}   (keys: ${world.jwksUrl})
  Faults     ${world.faultsUrl}/faults   (calls that reached the backends: ${world.faultsUrl}/calls)

  Users, all with the password "${PASSWORD}":
${PEOPLE.map(({ email, tenantId, role }) => `    ${email.padEnd(20)} ${role} of ${tenantId}`).join('\n')}
  API keys: ${Object.values(API_KEYS).join(', ')}

  Try:
    curl -s ${gatewayUrl}/api/v1/auth/login -H 'content-type: application/json' -d '${login}'
    curl -s '${gatewayUrl}/api/v1/users?pageSize=3' -H 'x-api-key: ${API_KEYS.acme}'
    curl -s -X PUT ${world.faultsUrl}/faults/user -d '{"mode":"down"}'   # and the line above again; "none" repairs it

  Ctrl-C stops everything.
`;
}
