import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearExtension, fromBinary, getExtension, hasExtension, toBinary, toJson } from '@bufbuild/protobuf';
import {
  type DescriptorProto,
  type FileDescriptorSet,
  FileDescriptorSetSchema,
  MethodOptions_IdempotencyLevel as Idempotency,
} from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { field, FieldPolicySchema, policy, PolicySchema } from '../../gen/gateway/v1/policy_pb.js';
import { http } from '../../gen/google/api/annotations_pb.js';
import { HttpRuleSchema } from '../../gen/google/api/http_pb.js';
import { loadDescriptors } from '../descriptors.js';
import { describeProblem } from '../contract-problem.js';
import { buildRouteTable } from '../route-table.js';
import type { Route } from '../route.js';
import { ruleWarnings } from './rule-warnings.js';

/** Every kind of path and policy that the tests have. */
const ANNOTATED = join(import.meta.dirname, '../../../test/gen/descriptors.binpb');

interface ApiFile {
  readonly type: string;
  readonly config_version: number;
  readonly http: { readonly rules: object[] };
  readonly policy: { readonly rules: object[]; readonly fields: object[] };
}

let directory: string;
let bare: string;
let rules: ApiFile;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'api-config-'));
  const set = fromBinary(FileDescriptorSetSchema, readFileSync(ANNOTATED));
  rules = takeAnnotations(set);
  bare = join(directory, 'bare.binpb');
  writeFileSync(bare, toBinary(FileDescriptorSetSchema, set));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** Removes what the gateway reads from all protos of a set, and returns it as rules. */
function takeAnnotations(set: FileDescriptorSet): ApiFile {
  const taken: ApiFile = {
    type: 'google.api.Service',
    config_version: 3,
    http: { rules: [] },
    policy: { rules: [], fields: [] },
  };
  const takeFields = (prefix: string, message: DescriptorProto): void => {
    for (const { name, options } of message.field) {
      if (options === undefined || !hasExtension(options, field)) continue;
      const selector = `${prefix}.${message.name}.${name}`;
      taken.policy.fields.push({ selector, ...(toJson(FieldPolicySchema, getExtension(options, field)) as object) });
      clearExtension(options, field);
    }
    for (const nested of message.nestedType) takeFields(`${prefix}.${message.name}`, nested);
  };
  for (const { package: name, service, messageType } of set.file) {
    for (const message of messageType) takeFields(name, message);
    for (const { name: serviceName, method } of service) {
      for (const { name: rpc, options } of method) {
        if (options === undefined) continue;
        const selector = `${name}.${serviceName}.${rpc}`;
        if (hasExtension(options, http)) {
          taken.http.rules.push({ selector, ...(toJson(HttpRuleSchema, getExtension(options, http)) as object) });
        }
        if (hasExtension(options, policy)) {
          const json = toJson(PolicySchema, getExtension(options, policy), { useProtoFieldName: true }) as object;
          taken.policy.rules.push({ selector, ...json, idempotency_level: Idempotency[options.idempotencyLevel] });
          options.idempotencyLevel = Idempotency.IDEMPOTENCY_UNKNOWN;
        }
        clearExtension(options, http);
        clearExtension(options, policy);
      }
    }
  }
  return taken;
}

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

/** All that is decided about the routes of a set, without the objects of its types. */
function table(file: string, policyFile?: string): object[] {
  const { services } = loadDescriptors([file], { policyFile });
  const { routes, problems } = buildRouteTable(services);
  expect(problems.map(describeProblem)).toEqual([]);
  return routes.map(shown);
}

function shown({ verb, template, variables, body, responseBody, method, desc }: Route): object {
  return {
    verb,
    template,
    variables: variables.map(({ fieldPath }) => fieldPath),
    body: typeof body === 'object' ? body.name : body,
    responseBody: responseBody?.name,
    method: {
      ...method,
      boundTenant: typeof method.boundTenant,
      keyedRates: method.keyedRates?.map(({ rate }) => rate),
    },
    idempotency: desc.idempotency,
  };
}

describe('protos without annotations, and a file of rules', () => {
  it('have something to compare', () => {
    expect(table(bare)).toEqual(table(ANNOTATED).filter((route) => !own(route)));
    expect(table(ANNOTATED).filter(own).length).toBeGreaterThan(20);
  });

  it.each<[string, (rules: ApiFile) => string]>([
    ['YAML', (all) => stringify(all)],
    ['JSON', (all) => JSON.stringify(all)],
    ['JSON with line breaks and tabs', (all) => JSON.stringify(all, null, '\t')],
  ])('make the routes of the annotated protos, as %s', (name, print) => {
    const file = write(`api.${name.length}`, print(rules));
    expect(table(bare, file)).toEqual(table(ANNOTATED));
  });

  it('are said again by the file without a word where the protos say the same', () => {
    const file = write('same.yaml', stringify(rules));
    expect(table(ANNOTATED, file)).toEqual(table(ANNOTATED));
    const warnings = ruleWarnings(loadDescriptors([ANNOTATED], { policyFile: file })).map(describeProblem);
    expect(warnings).toEqual([expect.stringMatching(/: shapes\.v1\.ShapeService\.Internal: has a path and no policy/)]);
  });
});

/** Not of the gateway's own contract. */
function own(route: object): boolean {
  const { method } = route as { method: { service: string } };
  return !/^(?:auth|user|tenant|ai)\./.test(method.service);
}
