import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { Environment } from '../../config/variables.js';
import type { Finding, Severity } from './finding.js';

const MIB = 1024 ** 2;
/** Memory that a gateway needs in addition to its heap. */
const OFF_HEAP_BYTES = 128 * MIB;
const MAX_FILE_BYTES = MIB;

const Container = z.looseObject({
  name: z.string(),
  image: z.string().default(''),
  env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).default([]),
  resources: z.looseObject({ limits: z.record(z.string(), z.coerce.string()).default({}) }).default({ limits: {} }),
  securityContext: z.record(z.string(), z.unknown()).default({}),
  livenessProbe: z.unknown().optional(),
  readinessProbe: z.unknown().optional(),
});

const Workload = z.looseObject({
  kind: z.enum(['Deployment', 'StatefulSet', 'DaemonSet']),
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    template: z.looseObject({
      spec: z.looseObject({
        containers: z.array(Container),
        securityContext: z.record(z.string(), z.unknown()).default({}),
        terminationGracePeriodSeconds: z.number().default(30),
        automountServiceAccountToken: z.boolean().default(true),
        enableServiceLinks: z.boolean().default(true),
      }),
    }),
  }),
});

type Workload = z.output<typeof Workload>;
type Container = z.output<typeof Container>;

/** Container of the manifests that runs the gateway, with the settings of its manifest. */
export interface GatewayContainer {
  readonly where: string;
  readonly env: Environment;
}

/** Findings and gateways in a directory of manifests, or in one file. */
export interface Manifests {
  readonly findings: readonly Finding[];
  readonly gateways: readonly GatewayContainer[];
}

/** Reads `*.yaml`, `*.yml` and `*.json`, and audits every workload. Throws errors of the file system. */
export function auditManifests(path: string): Manifests {
  const findings: Finding[] = [];
  const gateways: GatewayContainer[] = [];
  for (const file of filesAt(path)) {
    const documents = parseAllDocuments(readFileSync(file, 'utf8'));
    for (const document of 'empty' in documents ? [] : documents) {
      for (const { message } of document.errors) findings.push(unreadable(file, message));
      const workload = document.errors.length > 0 ? undefined : Workload.safeParse(document.toJS());
      if (workload?.success !== true) continue;
      findings.push(...auditWorkload(file, workload.data));
      gateways.push(...gatewaysOf(file, workload.data));
    }
  }
  return { findings, gateways };
}

function filesAt(path: string): string[] {
  if (statSync(path).isFile()) return [path];
  const names = readdirSync(path).filter((name) => /\.(?:ya?ml|json)$/.test(name));
  return names.map((name) => join(path, name)).filter((file) => statSync(file).size <= MAX_FILE_BYTES);
}

function unreadable(file: string, message: string): Finding {
  const why = `it cannot be read: ${message.split('\n')[0]}`;
  return { id: 'manifest-unreadable', severity: 'high', where: file, why, fix: 'correct the YAML' };
}

function gatewaysOf(file: string, { metadata, spec }: Workload): GatewayContainer[] {
  return spec.template.spec.containers.filter(isGateway).map(({ name, env }) => ({
    where: `${file} ${metadata.name}/${name}`,
    // Of a value from a Secret only its existence is known.
    env: Object.fromEntries(env.map(({ name: variable, value }) => [variable, value])),
  }));
}

function isGateway({ name, image, env }: Container): boolean {
  return /api-gateway/.test(`${name} ${image}`) || env.some((each) => each.name === 'API_GATEWAY_PORT');
}

function auditWorkload(file: string, { metadata, spec }: Workload): Finding[] {
  const pod = spec.template.spec;
  const where = `${file} ${metadata.name}`;
  const findings: Finding[] = [];
  const find = (id: string, severity: Severity, [why, fix]: [string, string]) =>
    findings.push({ id, severity, where, why, fix });
  if (pod.automountServiceAccountToken) {
    find('service-account-token', 'medium', [
      'an attacker who takes over the process can call the Kubernetes API',
      'set automountServiceAccountToken: false',
    ]);
  }
  return [...findings, ...pod.containers.flatMap((container) => auditContainer(where, pod, container))];
}

function auditContainer(at: string, pod: Workload['spec']['template']['spec'], container: Container): Finding[] {
  const where = `${at}/${container.name}`;
  const secured = { ...pod.securityContext, ...container.securityContext };
  const findings = CONTAINER_RULES.filter(({ isBroken }) => isBroken(container, secured));
  return [
    ...findings.map(({ id, severity, why, fix }) => ({ id, severity, where, why, fix })),
    ...(isGateway(container) ? gatewayFindings(where, pod, container) : []),
  ];
}

interface ContainerRule extends Omit<Finding, 'where'> {
  readonly isBroken: (container: Container, secured: Readonly<Record<string, unknown>>) => boolean;
}

const CONTAINER_RULES: readonly ContainerRule[] = [
  {
    id: 'no-memory-limit',
    severity: 'high',
    why: 'a burst of requests may use the memory of the whole node',
    fix: 'set resources.limits.memory',
    isBroken: ({ resources }) => resources.limits['memory'] === undefined,
  },
  {
    id: 'runs-as-root',
    severity: 'high',
    why: 'a vulnerability in the process gives root access',
    fix: 'set securityContext.runAsNonRoot: true',
    isBroken: (_, secured) => secured['runAsNonRoot'] !== true,
  },
  {
    id: 'privilege-escalation',
    severity: 'medium',
    why: 'processes in the container may gain privileges',
    fix: 'set allowPrivilegeEscalation: false and drop all capabilities',
    isBroken: (_, secured) => secured['allowPrivilegeEscalation'] !== false,
  },
  {
    id: 'writable-root',
    severity: 'low',
    why: 'an attacker can change files in the container permanently',
    fix: 'set readOnlyRootFilesystem: true',
    isBroken: (_, secured) => secured['readOnlyRootFilesystem'] !== true,
  },
  {
    id: 'no-readiness-probe',
    severity: 'high',
    why: 'requests are routed to pods that are not ready yet, or draining',
    fix: 'set readinessProbe to /readyz',
    isBroken: ({ readinessProbe }) => readinessProbe === undefined,
  },
  {
    id: 'image-latest',
    severity: 'medium',
    why: 'the version that runs depends on the time of the start',
    fix: 'use a version, or better a digest',
    isBroken: ({ image }) => !/@sha256:|:[^/]+$/.test(image) || image.endsWith(':latest'),
  },
];

function gatewayFindings(
  where: string,
  pod: Workload['spec']['template']['spec'],
  { env, resources, livenessProbe }: Container,
): Finding[] {
  const variables = new Map(env.map(({ name, value }) => [name, value]));
  const memory = bytesOf(resources.limits['memory']);
  const heap = Number(/max-old-space-size=(\d+)/.exec(variables.get('NODE_OPTIONS') ?? '')?.[1] ?? NaN) * MIB;
  const findings: Finding[] = [];
  const find = (id: string, severity: Severity, [why, fix]: [string, string]) =>
    findings.push({ id, severity, where, why, fix });
  if (memory !== undefined && heap + OFF_HEAP_BYTES > memory) {
    find('heap-above-memory', 'high', [
      'the process is killed (137) before its heap is full',
      'lower max-old-space-size',
    ]);
  }
  if (pod.enableServiceLinks) {
    const why = 'a Service named api-gateway sets API_GATEWAY_PORT to an address, and the gateway refuses to start';
    find('service-links', 'medium', [why, 'set enableServiceLinks: false']);
  }
  if (/livez|healthz|\/health"/.exec(JSON.stringify(livenessProbe ?? 'livez')) === null) {
    find('liveness-depends', 'medium', ['a backend that is down restarts healthy gateways', 'probe /livez']);
  }
  const plain = env.filter(({ name, value }) => SECRET_NAME.test(name) && value !== undefined && value !== '');
  for (const { name } of plain) {
    find('secret-in-manifest', 'critical', [
      `${name} is in plain text in the manifest`,
      'take it from a Secret by valueFrom',
    ]);
  }
  return findings;
}

const SECRET_NAME = /SECRET|TOKEN$|PASSWORD|_KEY$|_KEY_PREVIOUS$|REDIS_URL$/;

const UNITS: Readonly<Record<string, number>> = { Ki: 1024, Mi: MIB, Gi: 1024 ** 3, K: 1e3, M: 1e6, G: 1e9, '': 1 };

function bytesOf(quantity: string | undefined): number | undefined {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)(Ki|Mi|Gi|K|M|G)?$/.exec(quantity ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits) * (UNITS[unit] ?? 1);
}
