import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseEnvironment } from '../../src/config/environment.js';
import { type KubernetesObject, parseObjects, readObject } from './kubernetes-objects.js';
import { findFiles, readText, readYaml } from './project-files.js';

interface Kustomization {
  readonly resources?: readonly string[];
  readonly images?: readonly { readonly name: string; readonly digest: string }[];
  readonly configMapGenerator?: readonly { readonly name: string; readonly envs: readonly string[] }[];
  readonly patches?: readonly { readonly target?: { readonly kind: string }; readonly patch: string }[];
}

interface Container {
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[];
  readonly envFrom: readonly { readonly configMapRef?: { readonly name: string } }[];
}

interface Deployment extends KubernetesObject {
  readonly spec: {
    readonly template: { readonly metadata: object; readonly spec: { containers: readonly Container[] } };
  };
}

interface Rule {
  readonly ports: readonly { readonly port: string | number }[];
  readonly from?: readonly object[];
  readonly to?: readonly object[];
}

const FILES = findFiles('{k8s,kustomize}/**/*.yaml').filter(
  (path) => !/(?:kustomization|chart-values)\.yaml$/.test(path),
);
const OBJECTS = FILES.flatMap((path) =>
  parseObjects(readText(path)).map((object) => [`${path} ${object.kind}`, object] as const),
);
/** Files whose object is beside another one of its kind, and what is added to its name. */
const SECOND_OF_A_KIND = [
  ['prometheus-rule-kubernetes', '-kubernetes'],
  ['service-monitor/', '-metrics'],
] as const;
const base = readYaml<Kustomization>('k8s/kustomization.yaml');
const deployment = readObject<Deployment>('k8s/api-gateway-deployment.yaml', 'Deployment');
const [container] = deployment.spec.template.spec.containers;
const selector = { matchLabels: { app: 'api-gateway' } };

/** The container of the patch that an overlay makes to the Deployment. */
function patched(overlay: string): Container {
  const { patches = [] } = readYaml<Kustomization>(`kustomize/${overlay}/kustomization.yaml`);
  const [patch] = patches
    .filter(({ target }) => target === undefined)
    .map(({ patch: text }) => parse(text) as Deployment);
  return patch?.spec.template.spec.containers[0] ?? { env: [], envFrom: [] };
}

describe('every object', () => {
  it.each(OBJECTS)('%s is one of the gateway, in its namespace', (path, { metadata }) => {
    const [, suffix = ''] = SECOND_OF_A_KIND.find(([file]) => path.includes(file)) ?? [];
    const name = `api-gateway${suffix}`;
    expect(metadata).toMatchObject({ name, namespace: 'production', labels: { app: 'api-gateway' } });
  });

  it.each(OBJECTS)('%s names no image that moves, and no secret', (_, object) => {
    expect(JSON.stringify(object)).not.toMatch(/:latest"|"image":"[^":@]+"/);
    expect(object.kind).not.toBe('Secret');
  });
});

describe('the kustomization', () => {
  it('lists every manifest that any cluster takes', () => {
    const others = ['ingress', 'kustomization', 'pod-monitor', 'prometheus-rule', 'prometheus-rule-kubernetes'].map(
      (name) => `k8s/${name}.yaml`,
    );
    const manifests = findFiles('k8s/*.yaml').filter((path) => !others.includes(path));
    expect(base.resources?.map((name) => `k8s/${name}`).toSorted()).toEqual(manifests);
  });

  it('makes the ConfigMap that the pods read, under a name that changes with it, of settings that exist', () => {
    const [generator] = base.configMapGenerator ?? [];
    expect(container?.envFrom.flatMap(({ configMapRef }) => configMapRef?.name ?? [])).toEqual([generator?.name]);
    const lines = readText(`k8s/${generator?.envs[0]}`)
      .split('\n')
      .filter((line) => /^[^#]/.test(line));
    const settings = Object.fromEntries(lines.map((line) => line.split('=', 2) as [string, string]));
    const set = Object.fromEntries(container?.env.map(({ name, value = '' }) => [name, value]) ?? []);
    expect(Object.keys(settings).filter((name) => name in set)).toEqual([]);
    expect(() => parseEnvironment({ ...settings, ...set, NODE_ENV: 'production' })).not.toThrow();
  });

  it('leaves the number of pods to the autoscaler', () => {
    const patches = (base.patches ?? []).map(({ target, patch }) => [target?.kind, parse(patch) as unknown]);
    expect(patches).toEqual([['Deployment', [{ op: 'remove', path: '/spec/replicas' }]]]);
  });
});

describe('the pods', () => {
  it('are given up one at a time', () => {
    expect(readObject<KubernetesObject>('k8s/pod-disruption-budget.yaml', 'PodDisruptionBudget').spec).toEqual({
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector,
    });
  });

  it('are as many as the load asks for, never fewer than the gateway counts on', () => {
    const { spec } = readObject<{ spec: { scaleTargetRef: object; minReplicas: number; maxReplicas: number } }>(
      'k8s/horizontal-pod-autoscaler.yaml',
      'HorizontalPodAutoscaler',
    );
    const counted = container?.env.find(({ name }) => name === 'GATEWAY_REPLICAS')?.value;
    expect(spec.scaleTargetRef).toEqual({ apiVersion: 'apps/v1', kind: 'Deployment', name: deployment.metadata.name });
    expect(String(spec.minReplicas)).toBe(counted);
    expect(spec.maxReplicas).toBeGreaterThan(spec.minReplicas);
  });

  it('are counted by requests in flight only where somebody adds the component', () => {
    const component = 'kustomize/components/in-flight-metric/kustomization.yaml';
    const [patch] = readYaml<Kustomization>(component).patches ?? [];
    const metric = { name: 'gateway_in_flight_requests' };
    expect(parse(patch?.patch ?? '')).toMatchObject([
      { path: '/spec/metrics/-', value: { type: 'Pods', pods: { metric } } },
    ]);
    for (const path of findFiles('{k8s,kustomize/*}/kustomization.yaml'))
      expect(readYaml<{ components?: string[] }>(path).components ?? []).not.toContain(
        '../components/in-flight-metric',
      );
  });
});

describe('the NetworkPolicy', () => {
  const { spec } = readObject<{
    spec: { podSelector: object; policyTypes: string[]; ingress: Rule[]; egress: Rule[] };
  }>('k8s/network-policy.yaml', 'NetworkPolicy');

  it('selects the pods and both directions, and every rule names its peers', () => {
    expect(spec).toMatchObject({ podSelector: selector, policyTypes: ['Ingress', 'Egress'] });
    for (const rule of spec.ingress) expect(rule.from?.length).toBeGreaterThan(0);
    for (const rule of spec.egress) expect(rule.to?.length).toBeGreaterThan(0);
  });

  it('lets in to ports that the pods have, by name', () => {
    const names = container?.ports?.map(({ name }) => name);
    expect(spec.ingress.flatMap(({ ports }) => ports.map(({ port }) => port))).toEqual(names);
  });

  it('lets out to the port of every address that the deployment sets', () => {
    const ports = spec.egress.flatMap((rule) => rule.ports.map(({ port }) => Number(port)));
    const urls = container?.env.flatMap(({ name, value = '' }) => (/_URL$/.test(name) ? [value] : [])) ?? [];
    expect(urls.length).toBeGreaterThan(4);
    for (const url of urls) expect(ports).toContain(Number(/:(\d+)$/.exec(url)?.[1] ?? 443));
  });

  it('keeps the gateway from the metadata service of a cloud and from private networks', () => {
    expect(JSON.stringify(spec.egress)).toContain('169.254.0.0/16');
    const blocks = spec.egress.flatMap(({ to = [] }) => to).filter((peer) => 'ipBlock' in peer);
    for (const block of blocks) expect(block).toHaveProperty('ipBlock.except');
  });
});

describe('the Ingress', () => {
  it('publishes the API, the sign-in and /health, and nothing else', () => {
    const { spec } = readObject<{ spec: { rules: { http: { paths: { path: string; pathType: string }[] } }[] } }>(
      'k8s/ingress.yaml',
      'Ingress',
    );
    const paths = spec.rules.flatMap(({ http }) => http.paths).map(({ path, pathType }) => [path, pathType]);
    expect(paths).toEqual([
      ['/api', 'Prefix'],
      ['/auth', 'Prefix'],
      ['/health', 'Exact'],
    ]);
  });
});

describe('the overlays', () => {
  it('pin the image of production by its digest, beside the cause of the change', () => {
    const { images = [], patches = [] } = readYaml<Kustomization>('kustomize/production/kustomization.yaml');
    expect(images).toEqual([
      { name: 'your-registry/api-gateway', digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) },
    ]);
    expect(parse(patches[0]?.patch ?? '')).toHaveProperty(['metadata', 'annotations', 'kubernetes.io/change-cause']);
  });

  it.each([
    ['admin-loopback', {}, { host: '127.0.0.1', port: 6060 }],
    ['admin-off', {}, undefined],
    ['admin-network', { GATEWAY_ADMIN_AUTH_TOKEN: 'x'.repeat(32) }, { host: '0.0.0.0', port: 6060 }],
  ])('%s is the posture of the admin listener that it says', (overlay, secret, expected) => {
    const set = [...(container?.env ?? []), ...patched(overlay).env].flatMap(({ name, value }) =>
      value === undefined ? [] : [[name, value]],
    );
    const { admin } = parseEnvironment({ ...(Object.fromEntries(set) as object), ...secret, NODE_ENV: 'production' });
    if (expected === undefined) expect(admin).toBeUndefined();
    else expect(admin).toMatchObject(expected);
  });

  it('takes the token of an admin listener on the network from a Secret', () => {
    const token = patched('admin-network').env.find(({ name }) => name === 'GATEWAY_ADMIN_AUTH_TOKEN');
    expect(token).toEqual({
      name: 'GATEWAY_ADMIN_AUTH_TOKEN',
      valueFrom: { secretKeyRef: { name: 'api-gateway-admin', key: 'token' } },
    });
  });
});

describe('the commands of the documents', () => {
  const pages = findFiles('{README.md,docs/*.md,runbooks/**/*.md,k8s/*.yaml,kustomize/**/*.yaml}').map((path) =>
    readText(path),
  );
  const commands = pages.flatMap((text) => [...text.matchAll(/kubectl (?:apply|diff)((?: -[kf] [\w./-]+)+)/g)]);
  const named = commands.flatMap(([, options = '']) => [...options.matchAll(/-([kf]) ([\w./-]+)/g)]);

  it.each(named.map(([, option = '', path = '']) => [option, path] as const))(
    'apply what exists: -%s %s',
    (option, path) => {
      const files = findFiles(option === 'k' ? `${path}/kustomization.yaml` : path);
      expect(files).toHaveLength(1);
    },
  );
});
