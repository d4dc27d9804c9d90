import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeProblem } from '../contract-problem.js';
import { loadDescriptors } from '../descriptors.js';
import { buildRouteTable } from '../route-table.js';
import { ruleWarnings } from './rule-warnings.js';

const SHAPES = join(import.meta.dirname, '../../../test/gen/descriptors.binpb');
const RULE = 'policy:\n  rules:\n  - selector: shapes.v1.ShapeService.GetShape\n    access: ACCESS_AUTHENTICATED\n';

let directory: string;
beforeAll(() => void (directory = mkdtempSync(join(tmpdir(), 'api-config-'))));
afterAll(() => rmSync(directory, { recursive: true }));

function file(text: string): string {
  const path = join(directory, 'api.yaml');
  writeFileSync(path, text);
  return path;
}

describe('what a file says otherwise than the proto', () => {
  const TEXT = `${RULE}http:\n  rules:\n  - selector: shapes.v1.ShapeService.GetShape\n    get: /v9/shapes/{shape.id}\n`;

  it('holds, and is told', () => {
    const descriptors = loadDescriptors([SHAPES], { policyFile: file(TEXT) });
    const { routes } = buildRouteTable(descriptors.services);
    const [route, ...others] = routes.filter(({ method }) => method.name === 'GetShape');
    expect(others).toEqual([]);
    expect(route).toMatchObject({ template: '/v9/shapes/{shape.id}', method: { policy: { access: 'AUTHENTICATED' } } });
    expect(ruleWarnings(descriptors).map(describeProblem)).toEqual([
      expect.stringMatching(
        /^api\.yaml:7: shapes\.v1\.ShapeService\.GetShape: overrides google\.api\.http of the proto, which differs in /,
      ),
      expect.stringMatching(
        /^api\.yaml:3: shapes\.v1\.ShapeService\.GetShape: overrides \(gateway\.v1\.policy\) of the proto, which differs in /,
      ),
    ]);
  });

  it('changes the revision of the contract, and leaves other sets as they are', () => {
    const plain = loadDescriptors([SHAPES]);
    const ruled = loadDescriptors([SHAPES], { policyFile: file(TEXT), known: plain.sets });
    expect(ruled.revision).not.toBe(plain.revision);
    expect(ruled.sets.map((set) => plain.sets.includes(set))).toEqual([true, false]);
    const again = loadDescriptors([SHAPES], { policyFile: file(TEXT), known: ruled.sets });
    expect(again.revision).toBe(ruled.revision);
    expect(again.sets.every((set) => ruled.sets.includes(set))).toBe(true);
  });

  it('about a field holds in every RPC', () => {
    const text = 'policy:\n  fields:\n  - selector: shapes.v1.Shape.name\n    redact: true\n';
    const { services } = loadDescriptors([SHAPES], { policyFile: file(text) });
    const routes = buildRouteTable(services).routes.filter(({ desc }) => desc.output.typeName === 'shapes.v1.Shape');
    expect(routes.length).toBeGreaterThan(1);
    for (const { method } of routes) expect(method.policy.redact).toContain('name');
  });

  it('is what further checks name', () => {
    const text = `${RULE}    cache: {ttl: 5s}\n    permissions: [x]\n`;
    const { services } = loadDescriptors([SHAPES], { policyFile: file(text) });
    const lines = buildRouteTable(services).problems.map(describeProblem);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toMatch(/^api\.yaml:3: shapes\.v1\.ShapeService\.GetShape: policy: /);
  });
});
