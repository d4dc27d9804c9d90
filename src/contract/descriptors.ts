import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createFileRegistry, fromBinary, hasOption } from '@bufbuild/protobuf';
import type { DescService, FileRegistry } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import type { UpstreamName } from '../domain/upstream-name.js';
import { policy } from '../gen/gateway/v1/policy_pb.js';
import { type ApiConfig, ApiConfigError, readApiConfig } from './api-config/api-config.js';
import { type AppliedRule, applyRules, selectableIn } from './api-config/apply-rules.js';
import { unknownSelectors } from './api-config/rule-warnings.js';
import { readComments } from './comments.js';
import type { Comments } from './comments.js';
import { recognise, readOptions } from './descriptor-bytes.js';
import { type NamedServices, nameServices } from './named-services.js';
import { sharedUpstreams } from './shared-upstreams.js';
import { upstreamOfService } from './upstream-of-service.js';

const BUILT_IN = new URL('../gen/descriptors.binpb', import.meta.url);
const REVISION_LENGTH = 12;
const HOW_TO_BUILD =
  'build it with `buf build -o set.binpb`, or `protoc --include_imports --descriptor_set_out=set.binpb`';

/** One descriptor set: the built-in one, or a file of GATEWAY_DESCRIPTORS. */
export interface DescriptorSet {
  /** Name of its source, for messages. */
  readonly source: string;
  /** SHA-256 of its bytes, in hex. */
  readonly content: string;
  /** Hash that also covers the rules and upstream names that the deployment has added. */
  readonly digest: string;
  readonly registry: FileRegistry;
  /** Rules of a file that replace options of its protos. */
  readonly rules: readonly AppliedRule[];
  /** Services whose upstream the deployment has named. */
  readonly named: NamedServices;
  /** Services with an RPC that has a policy, in the order of the set. */
  readonly services: readonly DescService[];
}

/** All descriptor sets of a gateway. */
export interface Descriptors {
  /** The built-in set first, each with all of its services. */
  readonly sets: readonly DescriptorSet[];
  /** Services of the other sets that are served. */
  readonly extraServices: readonly DescService[];
  /** Registry of every type of every set. For a type that several sets contain, that of the first set counts. */
  readonly registry: FileRegistry;
  /** Services that are served, those of the built-in set first. */
  readonly services: readonly DescService[];
  readonly comments: Comments;
  /** First 12 hex digits of a hash over all sets; it changes with any of them. */
  readonly revision: string;
}

/** Thrown for descriptor sets that cannot be used; each problem names its file and how to fix it. */
export class DescriptorError extends Error {
  override readonly name = 'DescriptorError';

  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'));
  }
}

/** Changes of a deployment to the protos of its sets. */
export interface SetChanges {
  readonly config?: ApiConfig | undefined;
  readonly upstreamNames?: readonly UpstreamName[] | undefined;
}

/** Options of loading sets. */
export interface LoadOptions {
  /** Sets that were loaded before: one with the same bytes and rules is reused with its types. */
  readonly known?: readonly DescriptorSet[];
  /** Absent upstreams: their services are omitted, whichever set contains them. */
  readonly absentUpstreams?: readonly string[];
  /** File of rules for RPCs and fields of the sets, in the format of a gRPC API configuration. */
  readonly policyFile?: string | undefined;
  /** Upstreams of packages and services of the sets. The built-in set keeps its own. */
  readonly upstreamNames?: readonly UpstreamName[] | undefined;
}

/** Loads the built-in set and those of `files`. Throws DescriptorError with all problems. */
export function loadDescriptors(files: readonly string[] = [], options: LoadOptions = {}): Descriptors {
  const { known = [], absentUpstreams = [], policyFile, upstreamNames } = options;
  const problems: string[] = [];
  const config = policyFile === undefined ? undefined : attempt(problems, () => readApiConfig(policyFile));
  const builtIn = attempt(problems, () => loadSet(readFile(BUILT_IN), { source: 'built-in descriptors', known }));
  const changes = { config, upstreamNames };
  const others = files.map((file) =>
    attempt(problems, () => loadSet(readFile(file), { source: file, known, changes })),
  );
  const sets = [builtIn, ...others].filter((set) => set !== undefined);
  const isServed = servedBy(sets, absentUpstreams);
  problems.push(...findRepeatedServices(sets, isServed));
  // Selectors may belong to a set that could not be read.
  if (config !== undefined && sets.length > files.length) problems.push(...unknownSelectors(config, sets));
  if (problems.length > 0) throw new DescriptorError(problems);
  return mergeSets(sets, isServed);
}

/** Returns the loaded value; undefined after a failure, whose problems are added to `problems`. */
function attempt<T>(problems: string[], load: () => T): T | undefined {
  try {
    return load();
  } catch (error) {
    if (!(error instanceof DescriptorError || error instanceof ApiConfigError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

/**
 * Adds services that the sets do not contain, from modules in code. Throws DescriptorError for a service for which a
 * file has rules, because code takes precedence.
 */
export function addServices(descriptors: Descriptors, services: readonly DescService[]): Descriptors {
  const known = new Set(descriptors.services.map(({ typeName }) => typeName));
  const inCode = new Set(services.map(({ typeName }) => typeName));
  const problems = descriptors.sets.flatMap(({ rules }) =>
    rules.flatMap(({ rule: { kind, selector, location } }) => {
      const service = selector.slice(0, selector.lastIndexOf('.'));
      if (kind === 'field' || !inCode.has(service)) return [];
      return [`${location}: ${service} has a controller in code, whose annotations hold: remove the rule`];
    }),
  );
  if (problems.length > 0) throw new DescriptorError(problems);
  return {
    ...descriptors,
    services: [...descriptors.services, ...services.filter(({ typeName }) => !known.has(typeName))],
  };
}

/**
 * Parses a FileDescriptorSet or a buf image, which do not differ in the parts that are read here. Throws
 * DescriptorError.
 */
export function readDescriptorSet(bytes: Uint8Array, source: string, changes: SetChanges = {}): DescriptorSet {
  const parsed = parseRegistry(bytes, source, changes);
  const services = [...parsed.registry].filter((type) => type.kind === 'service').filter(hasPolicy);
  return { source, content: digestOf(bytes), digest: digestOf(bytes, changes), services, ...parsed };
}

/**
 * Returns the services that are served. One with an absent upstream is omitted, unless several packages claim its name,
 * which is refused later.
 */
function servedBy(
  sets: readonly DescriptorSet[],
  absentUpstreams: readonly string[],
): (service: DescService) => boolean {
  const contested = sharedUpstreams(sets.flatMap(({ services }) => services));
  const absent = new Set(absentUpstreams.filter((name) => !contested.has(name)));
  return (service) => !absent.has(upstreamOfService(service));
}

interface SetSource {
  readonly source: string;
  readonly known: readonly DescriptorSet[];
  readonly changes?: SetChanges;
}

function loadSet(bytes: Uint8Array, { source, known, changes = {} }: SetSource): DescriptorSet {
  const digest = digestOf(bytes, changes);
  const same = known.find((set) => set.source === source && set.digest === digest);
  return same ?? readDescriptorSet(bytes, source, changes);
}

function digestOf(bytes: Uint8Array, { config, upstreamNames = [] }: SetChanges = {}): string {
  const hash = createHash('sha256').update(bytes);
  if (config !== undefined) hash.update(config.digest);
  if (upstreamNames.length > 0) hash.update(JSON.stringify(upstreamNames));
  return hash.digest('hex');
}

function readFile(file: string | URL): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DescriptorError([`${String(file)}: cannot be read: ${reason}`]);
  }
}

function parseRegistry(
  bytes: Uint8Array,
  source: string,
  { config, upstreamNames = [] }: SetChanges,
): Pick<DescriptorSet, 'registry' | 'rules' | 'named'> {
  const mistake = recognise(bytes);
  if (mistake !== undefined) throw new DescriptorError([`${source}: ${mistake}; ${HOW_TO_BUILD}`]);
  try {
    const set = fromBinary(FileDescriptorSetSchema, bytes);
    if (set.file.length === 0) throw new Error('it holds no file');
    const rules = applyRules(selectableIn(set), config?.rules ?? []);
    const named = nameServices(set, upstreamNames);
    const registry = createFileRegistry(set);
    for (const type of registry) readOptions(type);
    return { registry, rules, named };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new DescriptorError([`${source}: is no complete descriptor set: ${reason}; ${HOW_TO_BUILD}`]);
  }
}

function hasPolicy(service: DescService): boolean {
  return service.methods.some((method) => hasOption(method, policy));
}

function findRepeatedServices(sets: readonly DescriptorSet[], isServed: (service: DescService) => boolean): string[] {
  const owners = new Map<string, string>();
  return sets.flatMap((set) =>
    set.services.filter(isServed).flatMap(({ typeName }) => {
      const owner = owners.get(typeName);
      owners.set(typeName, owner ?? set.source);
      return owner === undefined ? [] : [`${set.source}: ${typeName} is already in ${owner}; mount it once`];
    }),
  );
}

function revisionOf(sets: readonly DescriptorSet[]): string {
  return createHash('sha256')
    .update(sets.map(({ digest }) => digest).join(' '))
    .digest('hex')
    .slice(0, REVISION_LENGTH);
}

function mergeSets(sets: readonly DescriptorSet[], isServed: (service: DescService) => boolean): Descriptors {
  const inOrderOfWeight = sets.toReversed();
  const [builtIn = [], ...extra] = sets.map(({ services }) => services.filter(isServed));
  const extraServices = extra.flat();
  return {
    sets,
    registry: createFileRegistry(...inOrderOfWeight.map((set) => set.registry)),
    extraServices,
    services: [...builtIn, ...extraServices],
    comments: new Map(inOrderOfWeight.flatMap((set) => [...readComments(set.registry)])),
    revision: revisionOf(sets),
  };
}
