import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { parseObjects } from '../ops/kubernetes-objects.js';
import { GO_ENV } from './tools.js';

/** The module whose definitions of PodMonitor and PrometheusRule are checked against. */
const OPERATOR = 'github.com/prometheus-operator/prometheus-operator@v0.85.0';

interface Definition {
  readonly spec: { readonly versions: readonly { readonly schema: { readonly openAPIV3Schema: object } }[] };
}

/** Fetches the sources of the Prometheus Operator; returns the folder of its CustomResourceDefinitions. */
export function fetchDefinitions(): string {
  const json = execFileSync('go', ['mod', 'download', '-json', OPERATOR], { env: GO_ENV, encoding: 'utf8' });
  return join((JSON.parse(json) as { Dir: string }).Dir, 'example/prometheus-operator-crd');
}

/** Returns the violations of a manifest against its CustomResourceDefinition, including unknown fields. */
export function operatorProblems(folder: string, path: string): readonly string[] {
  return parseObjects(readFileSync(path, 'utf8')).flatMap((object) => {
    const file = join(folder, `monitoring.coreos.com_${object.kind.toLowerCase()}s.yaml`);
    const [version] = (parse(readFileSync(file, 'utf8')) as Definition).spec.versions;
    const validate = new Ajv({ allErrors: true, strict: false, logger: false }).compile(
      closed(version?.schema.openAPIV3Schema) as object,
    );
    // Of `metadata`, a definition knows only that it is an object.
    validate(Object.fromEntries(Object.entries(object).filter(([name]) => name !== 'metadata')));
    return (validate.errors ?? [])
      .filter(({ params }) => params['missingProperty'] !== 'metadata')
      .map(({ instancePath, message, params }) => `${path}: ${instancePath} ${message} ${JSON.stringify(params)}`);
  });
}

/** The same schema, but every object that lists its members refuses others. Go's `(?i)`, which JavaScript lacks, is left out. */
function closed(schema: unknown): unknown {
  if (typeof schema === 'string') return schema.replace('(?i)', '');
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const members = Object.entries(schema).map(([key, member]) => [key, closed(member)] as const);
  const isList = 'properties' in schema && 'type' in schema && schema.type === 'object';
  return { ...Object.fromEntries(members), ...(isList && { additionalProperties: false }) };
}
