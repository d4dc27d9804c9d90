import { flag } from '../unit-parsers.js';
import { defaulted } from '../setting.js';

/** What callers are told about rights. */
export const authorizationSettings = {
  GATEWAY_EXPOSE_AUTHZ_DETAIL: defaulted(flag, 'false', {
    description: 'Name the required and the missing permissions in a 403. It tells outsiders how rights are cut.',
    reloadable: true,
  }),
};
