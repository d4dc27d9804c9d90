import { PASSWORD, PEOPLE } from './data/seed.js';
import type { SandboxEnvironment } from './environment.js';

interface BannerFacts {
  readonly gatewayUrl: string;
  /** Empty: there is no admin listener. */
  readonly adminAddress: string;
  readonly sandbox: SandboxEnvironment;
}

function mockedLines({ mocked }: SandboxEnvironment): string {
  if (mocked === undefined) return '';
  const addresses = Array.from(mocked.addresses, ([name, address]) => `${name} ${address}`).join('   ');
  const permissions = mocked.permissions.length === 0 ? '' : `   (admins hold ${mocked.permissions.join(', ')})`;
  return `  Mocked     ${addresses}${permissions}\n\n`;
}

/** Renders the text for newcomers once everything runs: addresses, users, and commands to try. */
export function banner({ gatewayUrl, adminAddress, sandbox }: BannerFacts): string {
  const login = JSON.stringify({ identifier: PEOPLE[0].email, password: PASSWORD });
  const admin = adminAddress === '' ? 'none' : `http://${adminAddress}/admin/`;
  return `
  The sandbox is up.

  Gateway    ${gatewayUrl}   (a page to try it on; API reference: ${gatewayUrl}/docs)
  Backends   auth ${sandbox.authUrl}   user ${sandbox.userUrl}   tenant ${sandbox.tenantUrl}   ai ${sandbox.aiUrl}
  Sign in    ${gatewayUrl}/auth/sandbox/login   (identity provider: ${sandbox.idp?.issuer})
  Issuer     ${sandbox.issuer}   (keys: ${sandbox.jwksUrl})
  Admin      ${admin}
  Faults     ${sandbox.faultsUrl}/faults   (calls that reached the backends: ${sandbox.faultsUrl}/calls)

${mockedLines(sandbox)}  Users, all with the password "${PASSWORD}":
${PEOPLE.map(({ email, tenantId, role }) => `    ${email.padEnd(20)} ${role} of ${tenantId}`).join('\n')}

  Try:
    TOKEN=$(curl -s ${gatewayUrl}/api/v1/auth/login -H 'content-type: application/json' -d '${login}' | sed 's/.*"accessToken":"\\([^"]*\\).*/\\1/')
    curl -s '${gatewayUrl}/api/v1/users?pageSize=3' -H "authorization: Bearer $TOKEN"
    curl -sN ${gatewayUrl}/api/v1/ai:stream -H "authorization: Bearer $TOKEN" -H 'content-type: application/json' -d '{"query":"What is new?"}'

  Break something, then try again; {"mode":"none"} repairs it:
    curl -s -X PUT ${sandbox.faultsUrl}/faults/user -d '{"mode":"down"}'

  Ctrl-C stops everything.
`;
}
