import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addServices, DescriptorError, loadDescriptors } from '../descriptors.js';

const SHAPES = join(import.meta.dirname, '../../../test/gen/descriptors.binpb');

let directory: string;
beforeAll(() => void (directory = mkdtempSync(join(tmpdir(), 'api-config-'))));
afterAll(() => rmSync(directory, { recursive: true }));

function file(text: string): string {
  const path = join(directory, 'api.yaml');
  writeFileSync(path, text);
  return path;
}

function problems(text: string): readonly string[] {
  try {
    loadDescriptors([SHAPES], { policyFile: file(text) });
    return [];
  } catch (error) {
    if (!(error instanceof DescriptorError)) throw error;
    return error.problems.map((problem) => problem.replace(`${directory}/`, ''));
  }
}

const RULE = 'policy:\n  rules:\n  - selector: shapes.v1.ShapeService.GetShape\n    access: ACCESS_AUTHENTICATED\n';

describe('a file of rules', () => {
  it.each<[string, string, string]>([
    ['that is empty', '', 'api.yaml:1: the file is empty, not a map'],
    ['that is a list', '- a\n', 'api.yaml:1: the file is a list, not a map'],
    ['that is not YAML', 'http:\n  rules: [\n', 'api.yaml:3: Flow sequence'],
    [
      'with a star that is not quoted',
      'http:\n  rules:\n  - selector: a.B.C\n    body: *\n',
      'api.yaml:4: Alias cannot be an empty string: a value that begins with * needs quotes',
    ],
    [
      'of another type',
      'type: google.api.Servise\n',
      'api.yaml:1: type is the string "google.api.Servise", not google.api.Service',
    ],
    [
      'with a misspelled section',
      'type: google.api.Service\npolicies: {}\n',
      'api.yaml:2: "policies" is not read by the gateway: did you mean policy?',
    ],
    [
      'that asks for what the gateway does not do',
      'authentication: {}\n',
      'api.yaml:1: "authentication" is not read by the gateway: it reads http and policy',
    ],
    ['with a misspelled list', 'http:\n  rule: []\n', 'api.yaml:2: "http.rule" is not known: write rules'],
    ['with rules that are a map', 'http:\n  rules: {}\n', 'api.yaml:2: http.rules is a map, not a list'],
    [
      'with a rule that is a text',
      'http:\n  rules: [a.B.C]\n',
      'api.yaml:2: an entry of http.rules is the string "a.B.C", not a map',
    ],
    [
      'without a selector',
      'http:\n  rules:\n  - get: /a\n',
      'api.yaml:3: the rule has no selector: write the full name',
    ],
    [
      'with a wildcard',
      RULE.replace('GetShape', '"*"').replace('ShapeService."*"', 'ShapeService.*'),
      'api.yaml:3: the rule has the string "shapes.v1.ShapeService.*" as its selector: write the full name of one RPC or field, without wildcards',
    ],
    [
      'with a misspelled RPC',
      RULE.replace('GetShape', 'GetShap'),
      'api.yaml:3: no mounted descriptor set has the RPC shapes.v1.ShapeService.GetShap: did you mean shapes.v1.ShapeService.GetShape?',
    ],
    [
      'with an RPC of another package',
      RULE.replace('shapes.v1', 'acme.shapes'),
      'did you mean shapes.v1.ShapeService.GetShape?',
    ],
    [
      'with a service',
      RULE.replace('.GetShape', ''),
      'api.yaml:3: shapes.v1.ShapeService is not one RPC: write a rule for each, such as shapes.v1.ShapeService.',
    ],
    [
      'with an RPC that nothing is like',
      RULE.replace('shapes.v1.ShapeService.GetShape', 'x.Y.Zzzzzzzz'),
      'has the RPC x.Y.Zzzzzzzz: mount its descriptor set with GATEWAY_DESCRIPTORS',
    ],
    [
      "with an RPC of the gateway's own",
      RULE.replace('shapes.v1.ShapeService.GetShape', 'user.v1.UserService.GetUser'),
      "api.yaml:3: user.v1.UserService.GetUser is an RPC of the gateway's own contract, whose annotations hold",
    ],
    [
      'with an RPC twice',
      RULE + RULE.split('\n').slice(2).join('\n'),
      'api.yaml:5: shapes.v1.ShapeService.GetShape has its policy rule in line 3 already',
    ],
    [
      'with a misspelled field',
      `${RULE}    permisions: [a.b]\n`,
      'api.yaml:5: "permisions" is not a field of gateway.v1.Policy: did you mean permissions?',
    ],
    [
      'with a field that nothing is like',
      `${RULE}    jwt_required: true\n`,
      'api.yaml:5: "jwt_required" is not a field of gateway.v1.Policy: it has access, ',
    ],
    [
      'with a misspelled field inside',
      `${RULE}    retry:\n      max_attemps: 3\n`,
      'api.yaml:6: "max_attemps" is not a field of gateway.v1.Retry: did you mean max_attempts?',
    ],
    [
      'with a field in both of its names',
      `${RULE}    tenantField: a\n    tenant_field: a\n`,
      'api.yaml:6: "tenant_field" is set in line 5 as well',
    ],
    [
      'with a field without a value',
      `${RULE}    permissions:\n`,
      'api.yaml:5: "permissions" is empty: give it a value, or remove it',
    ],
    [
      'with a text for a list',
      `${RULE}    permissions: a.b\n`,
      'api.yaml:5: "permissions" is the string "a.b", not a list',
    ],
    [
      'with a number for a text',
      `${RULE}    tenant_field: 1\n`,
      'api.yaml:5: "tenant_field" is the number 1, not a text',
    ],
    ['with a text for a message', `${RULE}    retry: 3\n`, 'api.yaml:5: "retry" is the number 3, not a map'],
    [
      'with another unit',
      `${RULE}    timeout: 500ms\n`,
      'api.yaml:5: "timeout" is the string "500ms", not a duration such as 5s or 0.25s',
    ],
    [
      'with a value that an enum lacks',
      RULE.replace('ACCESS_AUTHENTICATED', 'AUTHENTICATED'),
      'api.yaml:4: "access" is the string "AUTHENTICATED": write one of ACCESS_UNSPECIFIED, ',
    ],
    [
      'with an unknown level',
      `${RULE}    idempotency_level: SAFE\n`,
      'api.yaml:5: idempotency_level is the string "SAFE": write NO_SIDE_EFFECTS',
    ],
    [
      'with two verbs',
      'http:\n  rules:\n  - selector: shapes.v1.ShapeService.GetShape\n    get: /a\n    post: /b\n',
      'api.yaml:3: ',
    ],
    [
      'with a misspelled verb',
      'http:\n  rules:\n  - selector: shapes.v1.ShapeService.GetShape\n    gett: /a\n',
      'api.yaml:4: "gett" is not a field of google.api.HttpRule: did you mean get?',
    ],
    [
      'with a misspelled field in another binding',
      'http:\n  rules:\n  - selector: shapes.v1.ShapeService.GetShape\n    get: /a\n    additional_bindings:\n    - put: /b\n      bodi: "*"\n',
      'api.yaml:7: "bodi" is not a field of google.api.HttpRule: did you mean body?',
    ],
    [
      'with an unknown field of a message',
      'policy:\n  fields:\n  - selector: shapes.v1.Shape.nme\n    redact: true\n',
      'api.yaml:3: no mounted descriptor set has the field shapes.v1.Shape.nme: did you mean shapes.v1.Shape.name?',
    ],
    [
      'with a text for a switch',
      'policy:\n  fields:\n  - selector: shapes.v1.Shape.name\n    redact: "yes"\n',
      'api.yaml:4: "redact" is the string "yes", not true or false',
    ],
  ])('%s is refused with its line', (_what, text, expected) => {
    const found = problems(text);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });

  it('says all of its problems at once, in the order of its lines', () => {
    const text = `${RULE}    permisions: [a.b]\n    timeout: soon\n  - selector: "*"\n    redat: x\nhttps: {}\n`;
    expect(problems(text).map((problem) => problem.split(':', 2)[1])).toEqual(['5', '6', '7', '8', '9']);
  });

  it('for another descriptor set is refused, in a bounded time and text', () => {
    const rules = Array.from(
      { length: 2_000 },
      (_, at) => `  - {selector: other.v1.OtherService.Method${at}, get: /a/${at}}`,
    );
    const found = problems(`http:\n  rules:\n${rules.join('\n')}\n`);
    expect(found).toHaveLength(21);
    expect(found.at(-1)).toBe('api.yaml: 1980 more rules name nothing');
  });

  it('that is not there is refused', () => {
    const load = () => loadDescriptors([SHAPES], { policyFile: '/nowhere/api.yaml' });
    expect(load).toThrow('/nowhere/api.yaml: cannot be read: ENOENT');
  });

  it('cannot speak for a service whose controller is in code', () => {
    const descriptors = loadDescriptors([SHAPES], { policyFile: file(RULE) });
    const service = loadDescriptors([SHAPES]).registry.getService('shapes.v1.ShapeService')!;
    const problem = 'api.yaml:3: shapes.v1.ShapeService has a controller in code, whose annotations hold';
    expect(() => addServices(descriptors, [service])).toThrow(problem);
  });
});
