import { adminToken } from '../admin.js';
import { httpUrl } from '../string-parsers.js';
import { listenAddress } from '../listen-address.js';
import { count } from '../unit-parsers.js';
import { defaulted, optional } from '../setting.js';

/** The listener of operators. */
export const adminSettings = {
  GATEWAY_ADMIN_ADDR: defaulted(listenAddress, '127.0.0.1:6060', {
    description:
      'Where operators look into this instance and change it: its state, profiles and circuits, and a live page at `/admin/`. Port 0 takes any free port; set and empty: there is no such listener.',
  }),
  GATEWAY_ADMIN_AUTH_TOKEN: optional(adminToken, {
    description:
      'Bearer token, or Basic password, of operators; at least 32 characters. Required unless only this machine can connect to `GATEWAY_ADMIN_ADDR`.',
  }),
  GATEWAY_ADMIN_READ_TOKEN: optional(adminToken, {
    description:
      'A second token, with which operators can look at everything and change nothing. Needs `GATEWAY_ADMIN_AUTH_TOKEN`.',
  }),
  GATEWAY_PPROF_BLOCK_RATE: defaulted(count({ max: 1_000_000 }), '0', {
    description:
      'Watches the event loop from the start on for `/debug/pprof/block`: of so many blocks (50 ms and longer) one has its stack taken, 1 takes all; 0 watches only while the page is asked for. On, it takes about 1 % of a CPU.',
  }),
  GATEWAY_PPROF_MUTEX_FRACTION: defaulted(count({ max: 1_000_000 }), '1', {
    description:
      'Of so many requests that waited inside of the gateway one is counted for `/debug/pprof/mutex`, for all of them; 1 counts each, 0 none.',
  }),
  GATEWAY_RUNBOOKS_URL: optional(httpUrl, {
    description: 'Where the files of `runbooks/` can be read, for the links of the live page.',
    example: 'https://wiki.example/runbooks',
  }),
};
