import { afterAll, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/program.js';
import { contractWarnings } from '../../src/contract/contract-warnings.js';
import { buildRouteTable } from '../../src/contract/route-table.js';
import { compileProto } from '../support/compile-proto.js';

/** An RPC that shows a message, with its policy beside the access. */
const rpc = (name: string, returns: string, policy = '', http = '') => `
  rpc ${name}(google.protobuf.Empty) returns (${returns}) {
    option (google.api.http) = {get: "/extra/v1/${name}" ${http}};
    option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED ${policy}};
  }`;
const HIDES = rpc('Get', 'Card', 'redact: "hash"');

/** Each service with what is wrong with it; `path` is where the field is shown. */
const CASES: [what: string, rpcs: string, path: string | undefined][] = [
  ['shown beside it', HIDES + rpc('Other', 'Card'), 'hash'],
  ['shown in a field', HIDES + rpc('Other', 'Holder', '', 'response_body: "card"'), 'card.hash'],
  ['shown in a list', HIDES + rpc('Other', 'List'), 'cards.hash'],
  ['shown in a map', HIDES + rpc('Other', 'Map'), 'by_name.hash'],
  ['shown in a stream', HIDES + rpc('Other', 'stream Card'), 'hash'],
  ['shown deep inside', HIDES + rpc('Other', 'Deep'), 'list.cards.hash, deep'],
  ['hidden by both', HIDES + rpc('Other', 'List', 'redact: "cards.hash"'), undefined],
  ['hidden with what it is in', HIDES + rpc('Other', 'List', 'redact: "cards"'), undefined],
  ['not in the one field that is shown', HIDES + rpc('Other', 'Holder', '', 'response_body: "text"'), undefined],
  ['revealed on purpose', HIDES + rpc('Other', 'List', 'reveal: "cards.hash"'), undefined],
  ['shown by an RPC that is not exposed', `${HIDES} rpc Other(google.protobuf.Empty) returns (Card);`, undefined],
  [
    'in the one field that is shown, though not first',
    HIDES + rpc('Other', 'Two', '', 'response_body: "card"'),
    'card.hash',
  ],
  ['below the one field that is shown', HIDES + rpc('Other', 'Deep', '', 'response_body: "list"'), 'list.cards.hash'],
  ['hidden in one of two places', HIDES + rpc('Other', 'Two', 'redact: "other.hash"'), 'card.hash'],
  ['revealed by one of its places', HIDES + rpc('Other', 'Two', 'reveal: "other.hash"'), undefined],
  ['hidden in both places', HIDES + rpc('Other', 'Two', 'redact: "other.hash" redact: "card"'), undefined],
  ['hidden and revealed', HIDES + rpc('Other', 'Two', 'redact: "other" reveal: "card.hash"'), undefined],
  ['hidden by its own option', rpc('Get', 'Marked', 'redact: "hash"') + rpc('Other', 'MarkedList'), undefined],
];
const NAMES: [secret: string[], harmless: string[]] = [
  'api_token tokens key private_keys apikey sessionToken user_password passwd_value credential otp old_hashes'.split(
    ' ',
  ),
  'page_token next_page_token token_type key_id public_key idempotency_key monkey passwords_count otp_policy'.split(
    ' ',
  ),
];

const proto = compileProto(`
message Card { string name = 1; string hash = 2; }
message Holder { Card card = 1; string text = 2; }
message List { repeated Card cards = 1; }
message Two { Card other = 1; Card card = 2; }
message Nested { string hash = 1; Nested inner = 2; }
message Map { map<string, Card> by_name = 1; }
message Deep { List list = 1; Deep deep = 2; }
message Marked { string hash = 2 [(gateway.v1.field).redact = true]; }
message MarkedList { repeated Marked cards = 1; }
message Names { ${NAMES.flat()
  .map((name, n) => `string ${name} = ${n + 1};`)
  .join(' ')} bool has_key = 90; int64 token = 91; string shown_key = 92 [(gateway.v1.field).public = true]; }
service TwoService { ${rpc('Get', 'Two', 'redact: "other.hash"')} }
service NestedService { ${rpc('Get', 'Nested', 'redact: "hash"').replace('v1/Get', 'v1/nested')} }
service WholeNestedService { ${rpc('Get', 'Nested', 'redact: "hash" redact: "inner"').replace('v1/Get', 'v1/whole')} }
service NamesService { ${rpc('GetNames', 'Names')} ${rpc('Again', 'Names')}
  rpc Post(Card) returns (google.protobuf.Empty) {
    option (google.api.http) = {post: "/extra/v1/post" body: "*"};
    option (gateway.v1.policy) = {access: ACCESS_OPEN};
  }
  rpc Put(Card) returns (google.protobuf.Empty) {
    option (google.api.http) = {put: "/extra/v1/put/{name}" body: "*"};
    option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED protected_fields: "hash" protected_fields: "name"};
  }
}
${CASES.map(([, rpcs], n) => `service Case${n}Service { ${rpcs.replaceAll('/extra/v1/', `/extra/v1/${n}/`)} }`).join('\n')}
`);
afterAll(() => proto.remove());

describe('a field that the policy of one RPC redacts', () => {
  it.each(CASES.map(([what, , path], n) => [what, path, n] as const))('and another has %s: %s', (_what, path, n) => {
    const { problems } = buildRouteTable([proto.service(`Case${n}Service`)]);
    const expected = (path ?? '').split(', ').map((each) => {
      const what = `policy: shows "${each}" (extra.v1.Card.hash), which the policy of Get redacts`;
      return expect.stringContaining(`Case${n}Service.Other: ${what}`) as string;
    });
    const told = problems.map(({ subject, message }) => `${subject}: ${message}`);
    expect(told).toEqual(path === undefined ? [] : expected);
  });

  it('is found in another place of its own response', () => {
    const messages = (name: string) => buildRouteTable([proto.service(name)]).problems.map(({ message }) => message);
    const shows = (path: string, type: string) =>
      `policy: shows "${path}" (extra.v1.${type}.hash), which the policy of Get redacts`;
    expect(messages('TwoService')).toEqual([expect.stringContaining(shows('card.hash', 'Card'))]);
    expect(messages('NestedService')).toEqual([expect.stringContaining(shows('inner', 'Nested'))]);
    expect(messages('WholeNestedService')).toEqual([]);
  });

  it('is found across services, too', () => {
    const services = [
      proto.service('Case6Service'),
      proto.service(`Case${CASES.length - 1}Service`),
      proto.service('Case2Service'),
    ];
    const { problems } = buildRouteTable(services);
    expect(problems.map(({ subject }) => subject)).toEqual(['extra.v1.Case2Service.Other']);
  });
});

it('gateway check refuses fields that are shown unevenly, and warns of names of secrets and of open bodies', async () => {
  const lines: string[] = [];
  const env = { GATEWAY_DESCRIPTORS: proto.path, EXTRA_SERVICE_URL: 'localhost:1' };
  const terminal = { out: () => undefined, err: (line: string) => lines.push(line) };
  expect(await run(['check'], terminal, env)).toBe(78);
  expect(lines.filter((line) => line.includes('which the policy of Get redacts'))).not.toEqual([]);
  const { routes } = buildRouteTable([proto.service('NamesService')]);
  const warnings = contractWarnings(routes).map(({ subject, message }) => `${subject}: ${message}`);
  const [secret] = NAMES;
  expect(warnings).toEqual([
    ...secret.map((name) => expect.stringContaining(`GetNames: the response field "${name}" `) as string),
    expect.stringContaining('NamesService.Post: anyone may send bodies of GATEWAY_MAX_BODY_BYTES'),
    expect.stringContaining(
      'NamesService.Put: PUT "/extra/v1/put/{name}" is always 400, since it would clear the protected field "hash"',
    ),
  ]);
});
