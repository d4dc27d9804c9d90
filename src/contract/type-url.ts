import type { DescMessage, Registry } from '@bufbuild/protobuf';

/**
 * Returns the message type that the `type_url` of a google.protobuf.Any names after its last slash. Undefined for a type
 * that the registry does not have.
 */
export function typeOfUrl(registry: Registry, typeUrl: string): DescMessage | undefined {
  return registry.getMessage(typeUrl.slice(typeUrl.lastIndexOf('/') + 1));
}
