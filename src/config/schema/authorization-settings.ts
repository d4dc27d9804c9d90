import { flag } from '../unit-parsers.js';
import { defaulted } from '../setting.js';

/** Settings of authorization errors. */
export const authorizationSettings = {
  GATEWAY_EXPOSE_AUTHZ_DETAIL: defaulted(flag, 'false', {
    description:
      'Name the required and the missing permissions in a 403. This discloses the permission model to callers.',
    reloadable: true,
  }),
};
