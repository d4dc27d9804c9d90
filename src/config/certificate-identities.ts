import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { parseGrant } from '../domain/grant.js';
import { LocatedError, plainValue, readYaml } from '../domain/located-yaml.js';
import { type Kind, Refusal } from './setting.js';

/** Identity of the holder of a client certificate. */
export interface CertificateIdentity {
  /** Name in the certificate, unless the file sets another one. */
  readonly subject: string;
  readonly tenant: string;
  readonly permissions: readonly string[];
  readonly roles: readonly string[];
}

/** Identities by name in the certificate: `uri:spiffe://acme.test/ns/prod/sa/billing`, `dns:reports.acme.test`, `cn:reports`. */
export type CertificateIdentities = readonly (readonly [name: string, identity: CertificateIdentity])[];

const MAX_BYTES = 1024 * 1024;
const MAX_LISTED = 500;
const HINT = 'write uri:spiffe://…, dns:… or cn:…, with tenant: and permissions: below it';

const permission = z.string().refine((text) => parseGrant(text) !== undefined, {
  error: 'is not a permission: write resource.action, resource:action:scope, resource.* or *',
});
const identity = z.strictObject({
  subject: z.string().min(1).max(256).optional(),
  tenant: z.string().max(256).default(''),
  permissions: z.array(permission).max(MAX_LISTED).default([]),
  roles: z.array(z.string().min(1).max(256)).max(MAX_LISTED).default([]),
});
const file = z.record(z.string().regex(/^(?:uri|dns|cn):\S/, 'is not a name of a certificate'), identity);

/** Parses a YAML or JSON file that maps names in client certificates to identities. The file is read with the settings. */
export const certificateIdentities: Kind<CertificateIdentities> = {
  form: 'file',
  parse(path) {
    try {
      if (statSync(path).size > MAX_BYTES) throw new LocatedError(1, `is larger than ${MAX_BYTES} bytes`);
      const { success, data, error } = file.safeParse(plainValue(readYaml(readFileSync(path, 'utf8'))));
      if (!success) throw new Refusal(`${path}: ${describe(error)}`, HINT);
      return Object.entries(data).map(([name, found]) => [name, { ...found, subject: found.subject ?? bare(name) }]);
    } catch (error) {
      if (error instanceof Refusal) throw error;
      if (error instanceof LocatedError) throw new Refusal(`${path}:${error.line}: ${error.message}`, HINT);
      const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      throw new Refusal(
        `the file ${path} cannot be read (${code})`,
        `check the path; it is taken from ${process.cwd()}`,
      );
    }
  },
};

function bare(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function describe({ issues }: z.ZodError): string {
  const [first] = issues;
  return `${first?.path.join('.') || 'the file'} ${first?.message ?? ''}`;
}
