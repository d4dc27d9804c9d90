import { nearestUpstreamName, UPSTREAM_NAME, type UpstreamName } from '../domain/upstream-name.js';
import type { ConfigProblem } from './config-error.js';
import type { Settings } from './schema.js';
import { type Kind, type Known, Refusal } from './setting.js';

const FORM = 'write package=upstream: acme.billing.v1=billing';
/** Name of a proto package, or full name of a service. */
const PROTO_NAME = /^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*$/;

/** Parses the upstream of a package or service. */
export const upstreamName: Kind<UpstreamName> = {
  form: 'package=upstream',
  parse(raw) {
    const [, owner = '', upstream = ''] = /^([^=\s]+)=(\S+)$/.exec(raw) ?? [];
    if (!PROTO_NAME.test(owner)) throw new Refusal(`"${raw}" does not name a package and its upstream`, FORM);
    if (UPSTREAM_NAME.test(upstream)) return { owner, upstream };
    const reason = `"${upstream}" is not the name of an upstream, which has lower-case letters, digits and _`;
    const better = nearestUpstreamName(upstream);
    throw new Refusal(reason, better === undefined ? FORM : `write ${owner}=${better}`);
  },
};

/** Finds packages and services with two different upstreams. */
export function upstreamNameProblems({ GATEWAY_UPSTREAMS: names = [] }: Known<Settings>): ConfigProblem[] {
  const byOwner = Map.groupBy(names, ({ owner }) => owner);
  return [...byOwner].flatMap(([owner, given]) => {
    const upstreams = [...new Set(given.map(({ upstream }) => upstream))];
    if (upstreams.length < 2) return [];
    const reason = `assigns ${owner} to the upstreams ${upstreams.join(' and ')}`;
    return [{ name: 'GATEWAY_UPSTREAMS', reason, hint: 'name each package and each service once' }];
  });
}
