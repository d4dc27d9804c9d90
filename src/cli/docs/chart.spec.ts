import { Ajv } from 'ajv';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { chartFiles } from './chart.js';

const files = chartFiles();
const values = parse(files.get('charts/api-gateway/values.yaml') ?? '') as Readonly<Record<string, object>>;
const schema = JSON.parse(files.get('charts/api-gateway/values.schema.json') ?? '') as object;
const validate = new Ajv({ allErrors: true, strict: false }).compile(schema);

describe('the schema of the chart', () => {
  test('takes the values of the chart', () => {
    expect([validate(values), validate.errors]).toEqual([true, null]);
  });

  test.each<[string, object]>([
    ['a name that it does not know', { replicas: 3 }],
    ['a nested name that it does not know', { image: { ...values['image'], tags: 'x' } }],
    ['a digest without its algorithm', { image: { ...values['image'], digest: 'e3b0c442' } }],
    ['a variable that is a number', { env: { API_GATEWAY_PORT: 8080 } }],
    ['a variable in small letters', { env: { log_level: 'info' } }],
    ['no pods', { autoscaling: { ...values['autoscaling'], minReplicas: 0 } }],
    ['ports that are none', { ports: [] }],
    ['a port that is none', { ports: [{ name: 'http', containerPort: 80_800 }] }],
    ['a port without a number', { ports: [{ name: 'http' }] }],
    [
      'memory in a unit that Kubernetes does not know',
      { resources: { ...values['resources'], limits: { memory: '1GB' } } },
    ],
    ['a K that Kubernetes does not know', { resources: { ...values['resources'], limits: { memory: '1K' } } }],
    ['no limit of memory', { resources: { ...values['resources'], limits: {} } }],
    ['resources that are no quantities', { resources: { ...values['resources'], requests: 'small' } }],
    ['a NetworkPolicy without rules', { networkPolicy: { ...values['networkPolicy'], egress: [] } }],
  ])('refuses %s', (_, change) => {
    expect(validate({ ...values, ...change })).toBe(false);
  });
});

describe('the templates of the chart', () => {
  test.each([...files].filter(([path]) => path.includes('/templates/')))(
    '%s has an expression for every place',
    (_, text) => {
      expect(text).not.toMatch(/HELM-\d/);
      expect(text.match(/\{\{/g)?.length).toBe(text.match(/\}\}/g)?.length);
    },
  );

  test('fail for an autoscaler with fewer pods at most than at least', () => {
    const template = files.get('charts/api-gateway/templates/horizontal-pod-autoscaler.yaml') ?? '';
    expect(template).toMatch(/maxReplicas: \{\{ if lt \(int .*maxReplicas\) \(int .*minReplicas\) \}\}\{\{ fail "/);
  });

  test('leave neither an image, nor settings, nor a namespace fixed', () => {
    const all = [...files].filter(([path]) => path.includes('/templates/')).map(([, text]) => text);
    for (const text of all) expect(text).not.toMatch(/your-registry|svc\.cluster\.local|namespace: production/);
  });
});
