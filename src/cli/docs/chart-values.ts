import type { Document } from 'yaml';
import { z } from 'zod';

const CONTAINER = ['spec', 'template', 'spec', 'containers', 0];
const Env = z.array(z.object({ name: z.string(), value: z.string() }));

type ReadDocument = (source: string, kind: string) => Document;

/** Returns the values of the chart, with the values of the manifests as defaults. */
export function valuesOf(read: ReadDocument, settings: string): object {
  const at = (document: Document, ...path: (string | number)[]): unknown => toJs(document, path);
  const deployment = read('api-gateway-deployment', 'Deployment');
  const scaling = read('horizontal-pod-autoscaler', 'HorizontalPodAutoscaler');
  const network = read('network-policy', 'NetworkPolicy');
  const ingress = read('ingress', 'Ingress');
  const [repository, tag] = String(at(deployment, ...CONTAINER, 'image')).split(':');
  const env = Env.parse(at(deployment, ...CONTAINER, 'env')).map(({ name, value }) => [name, value]);
  return {
    image: { repository, tag, digest: '' },
    annotations: {},
    env: Object.fromEntries(env) as object,
    settings: Object.fromEntries(linesOf(settings)) as object,
    ports: at(deployment, ...CONTAINER, 'ports'),
    resources: at(deployment, ...CONTAINER, 'resources'),
    autoscaling: {
      enabled: true,
      minReplicas: at(scaling, 'spec', 'minReplicas'),
      maxReplicas: at(scaling, 'spec', 'maxReplicas'),
      metrics: at(scaling, 'spec', 'metrics'),
    },
    networkPolicy: { enabled: true, ingress: at(network, 'spec', 'ingress'), egress: at(network, 'spec', 'egress') },
    podMonitor: { enabled: false },
    prometheusRule: { enabled: false, kubeStateMetrics: false },
    dashboards: { enabled: false },
    ingress: {
      enabled: false,
      className: at(ingress, 'spec', 'ingressClassName'),
      host: at(ingress, 'spec', 'rules', 0, 'host'),
      tlsSecret: at(ingress, 'spec', 'tls', 0, 'secretName'),
    },
  };
}

function toJs(document: Document, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (value as Readonly<Record<string | number, unknown>>)[key],
    document.toJS(),
  );
}

function linesOf(settings: string): [string, string][] {
  const lines = settings.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
}

const text = { type: 'string', minLength: 1 };
const flag = { type: 'boolean' };
const count = { type: 'integer', minimum: 1 };
const list = { type: 'array', items: { type: 'object' }, minItems: 1 };
const NAME = '^[A-Z][A-Z0-9_]*$';
/** Matches a quantity of Kubernetes: `250m`, `1`, `1Gi`. */
const quantity = {
  type: ['string', 'number'],
  pattern: '^[0-9]+(\\.[0-9]+)?(m|k|Ki|[MGTPE]i?)?$',
  exclusiveMinimum: 0,
};
const quantities = { type: 'object', additionalProperties: quantity };
const port = {
  type: 'object',
  required: ['name', 'containerPort'],
  properties: { name: text, containerPort: { type: 'integer', minimum: 1, maximum: 65535 } },
};

function closed(properties: Readonly<Record<string, object>>): object {
  return { type: 'object', additionalProperties: false, required: Object.keys(properties), properties };
}

/** Returns the JSON Schema of the values. It rejects unknown names, so that a typing error is reported. */
export function valuesSchema(): object {
  const strings = { type: 'object', additionalProperties: { type: 'string' } };
  const variable = { oneOf: [{ type: 'string' }, closed({ valueFrom: { type: 'object' } })] };
  const schema = closed({
    image: closed({ repository: text, tag: text, digest: { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' } }),
    annotations: strings,
    env: { type: 'object', propertyNames: { pattern: NAME }, additionalProperties: variable },
    settings: { ...strings, propertyNames: { pattern: NAME } },
    ports: { ...list, items: port },
    // Heap size and load shedding depend on the memory limit; without it they would use that of the node.
    resources: closed({ requests: quantities, limits: { ...quantities, required: ['memory'] } }),
    autoscaling: closed({ enabled: flag, minReplicas: count, maxReplicas: count, metrics: list }),
    networkPolicy: closed({ enabled: flag, ingress: list, egress: list }),
    podMonitor: closed({ enabled: flag }),
    prometheusRule: closed({ enabled: flag, kubeStateMetrics: flag }),
    dashboards: closed({ enabled: flag }),
    ingress: closed({ enabled: flag, className: text, host: text, tlsSecret: text }),
  });
  const open = schema as { properties: object };
  // Charts that include this one pass `global`.
  const properties = { ...open.properties, global: { type: 'object' } };
  return { $schema: 'http://json-schema.org/draft-07/schema#', title: 'Values of api-gateway', ...schema, properties };
}
