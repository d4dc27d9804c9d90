import type {
  DescriptorProto,
  EnumDescriptorProto,
  FileDescriptorProto,
  ServiceDescriptorProto,
} from '@bufbuild/protobuf/wkt';

/**
 * Finds services and types in descriptor files by their full names. The files are not linked, because some backends
 * omit imports from their reflection response, or name types relative to their scope.
 */
export class BackendTypes {
  private readonly messages = new Map<string, DescriptorProto>();
  private readonly enums = new Map<string, EnumDescriptorProto>();
  private readonly services = new Map<string, ServiceDescriptorProto>();

  constructor(files: readonly FileDescriptorProto[]) {
    for (const file of files) {
      for (const message of file.messageType) this.addMessage(file.package, message);
      for (const type of file.enumType) this.enums.set(join(file.package, type.name), type);
      for (const service of file.service) this.services.set(join(file.package, service.name), service);
    }
  }

  message(name: string): DescriptorProto | undefined {
    return this.messages.get(name);
  }

  enum(name: string): EnumDescriptorProto | undefined {
    return this.enums.get(name);
  }

  service(name: string): ServiceDescriptorProto | undefined {
    return this.services.get(name);
  }

  /**
   * Returns the full name of a type that is referenced in `scope`: the name itself after a leading dot, otherwise that
   * of the innermost scope that has it.
   */
  resolve(name: string, scope: string): string {
    if (name.startsWith('.')) return name.slice(1);
    const parts = scope.split('.');
    for (let depth = parts.length; depth >= 0; depth--) {
      const candidate = join(parts.slice(0, depth).join('.'), name);
      if (this.messages.has(candidate) || this.enums.has(candidate)) return candidate;
    }
    return name;
  }

  private addMessage(scope: string, message: DescriptorProto): void {
    const name = join(scope, message.name);
    this.messages.set(name, message);
    for (const nested of message.nestedType) this.addMessage(name, nested);
    for (const type of message.enumType) this.enums.set(join(name, type.name), type);
  }
}

function join(scope: string, name: string): string {
  return scope === '' ? name : `${scope}.${name}`;
}
