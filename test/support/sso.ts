import { PASSWORD } from '../../sandbox/data/seed.js';
import { choosePort } from '../../sandbox/gateway-process.js';
import { startSandbox } from '../../sandbox/environment.js';
import { startTestGateway, type TestGateway, type TestOptions } from './gateway.js';
import { type Step, WebClient } from './web-client.js';

/** Headers that the scripts of the gateway's pages send. */
export const FROM_PAGE = { 'x-csrf': '1', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' };

/** A gateway that browsers can sign in at. */
export interface SsoGateway extends TestGateway {
  /** URL for browsers: the only one at which their cookies are valid. */
  readonly publicUrl: string;
}

/** Starts a gateway in a sandbox with an identity provider, which a sandbox that is given must have. */
export async function startSsoGateway(options: TestOptions = {}): Promise<SsoGateway> {
  const { env = {}, sandbox: given, ...rest } = options;
  const sandbox = given ?? (await startSandbox({ faultServer: false }));
  const port = await choosePort('0');
  const publicUrl = `http://localhost:${port}`;
  const settings = { GATEWAY_PUBLIC_URL: publicUrl, ...sandbox.gatewayEnv(publicUrl), API_GATEWAY_PORT: port, ...env };
  return { ...(await startTestGateway({ ...rest, sandbox, env: settings })), publicUrl };
}

/** Up to the form of the identity provider, or to the way back when the person is signed in there already. */
export function goToProvider(client: WebClient, gateway: Pick<SsoGateway, 'publicUrl'>, query = ''): Promise<Step> {
  return client.navigate(`${gateway.publicUrl}/auth/sandbox/login${query}`, isCallback);
}

/** Fills in the form; ends at the redirect to the gateway, whose address is in `location`. */
export function fillIn(client: WebClient, form: Step, email: string): Promise<Step> {
  return client.submit(form, { email, password: PASSWORD, action: 'sign-in' }, isCallback);
}

/** Signs in and gives the answer of the callback. */
export async function signIn(
  client: WebClient,
  gateway: Pick<SsoGateway, 'publicUrl'>,
  email: string,
  query = '',
): Promise<Step> {
  const form = await goToProvider(client, gateway, query);
  const back = form.headers.get('location') === null ? await fillIn(client, form, email) : form;
  return client.request(back.headers.get('location') ?? '', {
    headers: { accept: 'text/html', 'sec-fetch-mode': 'navigate' },
  });
}

/** Response to a script of the gateway's page. */
export function callApi(client: WebClient, gateway: SsoGateway, path: string, init: RequestInit = {}): Promise<Step> {
  return client.request(gateway.publicUrl + path, { ...init, headers: { ...FROM_PAGE, ...(init.headers as object) } });
}

function isCallback(url: string): boolean {
  return new URL(url).pathname.endsWith('/callback');
}
