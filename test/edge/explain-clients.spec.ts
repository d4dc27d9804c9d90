import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../src/cli/program.js';
import { compileProto, type CompiledProto } from '../support/compile-proto.js';

const PROTO = `
message Thing { string name = 1; string etag = 2; }
message Secret { string access_token = 1; }
service Things {
  rpc Update(Thing) returns (Thing) {
    option (google.api.http) = {put: "/things/{name}", body: "*"};
    option (gateway.v1.policy) = {
      access: ACCESS_AUTHENTICATED, response_headers: ["link", "location"], encoded_slashes: true,
      etag: {response_field: "etag", request_field: "etag"}
    };
  }
  rpc Watch(Thing) returns (stream Thing) {
    option (google.api.http) = {get: "/watch/{name}"};
    option (gateway.v1.policy) = {access: ACCESS_AUTHENTICATED, stream: {resume: {keep: {seconds: 5}}}};
  }
  rpc SignIn(Thing) returns (Secret) {
    option (google.api.http) = {post: "/login", body: "*"};
    option (gateway.v1.policy) = {access: ACCESS_OPEN, max_body_bytes: 1000};
  }
}`;

let proto: CompiledProto;
beforeAll(() => {
  proto = compileProto(PROTO);
});
afterAll(() => proto.remove());

/** Returns what `gateway explain` prints about a route, without the padding of its columns. */
async function explain(verb: string, path: string): Promise<string[]> {
  const lines: string[] = [];
  const env = {
    GATEWAY_DESCRIPTORS: proto.path,
    GATEWAY_COMPRESSION: 'br,gzip',
    GATEWAY_IGNORED_QUERY: 'utm_*,fbclid',
  };
  const terminal = { out: (line: string) => void lines.push(line), err: (line: string) => void lines.push(line) };
  await run(['explain', verb, path], terminal, env);
  return lines.map((line) => line.trim().replaceAll(/ {2,}/g, ' '));
}

describe('gateway explain', () => {
  it.each([
    [
      ['PUT', '/things/a'],
      [
        'headers link, location (of the backend, forwarded)',
        'slashes %2F is part of a value',
        'etag ETag is etag of the response',
        'etag If-Match is etag of the request',
        'compression br, gzip',
        'ignored utm_*, fbclid (query parameters, unless a field has the name)',
        'handler decode, if-match, call, encode, send',
      ],
    ],
    [
      ['GET', '/watch/a'],
      ['resume Last-Event-ID, 1000 messages or 1MiB for 5s', 'compression br, gzip'],
    ],
    [['POST', '/login'], ['compression never: the field access_token looks like a secret']],
  ])('shows what clients of %j have', async ([verb = '', path = ''], facts) => {
    expect(await explain(verb, path)).toEqual(expect.arrayContaining(facts));
  });
});
