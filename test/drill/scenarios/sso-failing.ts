import { SignIns } from '../site/sign-ins.js';
import type { Scenario } from './scenario.js';

const CHANGED = 'a-secret-that-the-gateway-does-not-have';
let correct = '';

export const SSO_FAILING: Scenario = {
  name: 'sso-failing',
  fault: 'The identity provider no longer takes the secret of the gateway',
  prepare: (site) => {
    site.parts.add(new SignIns(site));
    return Promise.resolve({});
  },
  inject: ({ sandbox: { idp } }) => {
    if (idp !== undefined) [correct, idp.clientSecret] = [idp.clientSecret, CHANGED];
    return Promise.resolve();
  },
  heal: ({ sandbox: { idp } }) => {
    if (idp !== undefined) idp.clientSecret = correct;
    return Promise.resolve();
  },
  alerts: [{ alert: 'GatewaySsoLoginFailures', receiver: 'slack-auth', labels: { provider: 'sandbox' } }],
};
