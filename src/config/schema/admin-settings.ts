import { adminToken } from '../admin.js';
import { httpUrl } from '../string-parsers.js';
import { listenAddress } from '../listen-address.js';
import { count } from '../unit-parsers.js';
import { defaulted, optional } from '../setting.js';

/** Settings of the admin listener. */
export const adminSettings = {
  GATEWAY_ADMIN_ADDR: defaulted(listenAddress, '127.0.0.1:6060', {
    description:
      'Address of the admin listener, where operators inspect and change this instance: its state, profiles and circuit breakers, and a live page at `/admin/`. Port 0 takes any free port; an empty value disables the listener.',
  }),
  GATEWAY_ADMIN_AUTH_TOKEN: optional(adminToken, {
    description:
      'Bearer token, or Basic password, of operators; at least 32 characters. Required unless `GATEWAY_ADMIN_ADDR` is a loopback address.',
  }),
  GATEWAY_ADMIN_READ_TOKEN: optional(adminToken, {
    description: 'A second token, for read-only access to the admin listener. Requires `GATEWAY_ADMIN_AUTH_TOKEN`.',
  }),
  GATEWAY_PPROF_BLOCK_RATE: defaulted(count({ max: 1_000_000 }), '0', {
    description:
      'Samples event loop blocks of 50 ms or more for `/debug/pprof/block` from the start of the process: one stack is taken per this many blocks, 1 takes all. 0 samples only while a profile is requested. Sampling uses about 1 % of a CPU.',
  }),
  GATEWAY_PPROF_MUTEX_FRACTION: defaulted(count({ max: 1_000_000 }), '1', {
    description:
      'Samples requests that waited inside the gateway for `/debug/pprof/mutex`: one per this many requests is recorded and weighted accordingly; 1 records each, 0 none.',
  }),
  GATEWAY_RUNBOOKS_URL: optional(httpUrl, {
    description: 'URL under which the files of `runbooks/` are published; the live page links to it.',
    example: 'https://wiki.example/runbooks',
  }),
};
