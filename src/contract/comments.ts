import type { DescEnum, DescFile, DescMessage, FileRegistry } from '@bufbuild/protobuf';

/** Leading comments of a contract by full name: `user.v1.User`, `user.v1.User.email`, `user.v1.UserService.GetUser`. */
export type Comments = ReadonlyMap<string, string>;

/** Field numbers of descriptor.proto, which form the paths of SourceCodeInfo. */
const FILE_MESSAGES = 4;
const FILE_ENUMS = 5;
const FILE_SERVICES = 6;
const MESSAGE_FIELDS = 2;
const MESSAGE_MESSAGES = 3;
const MESSAGE_ENUMS = 4;
const MESSAGE_ONEOFS = 8;
const ENUM_VALUES = 2;
const SERVICE_METHODS = 2;

/** Reads the comments of a descriptor set; empty for a set that was built without source info. */
export function readComments(registry: FileRegistry): Comments {
  const comments = new Map<string, string>();
  for (const file of registry.files) new CommentReader(file, comments).read();
  return comments;
}

class CommentReader {
  private readonly byPath: ReadonlyMap<string, string>;

  constructor(
    private readonly file: DescFile,
    private readonly comments: Map<string, string>,
  ) {
    const locations = file.proto.sourceCodeInfo?.location ?? [];
    this.byPath = new Map(locations.map((location) => [location.path.join('.'), location.leadingComments]));
  }

  read(): void {
    if (this.byPath.size === 0) return;
    this.file.messages.forEach((message, index) => this.readMessage(message, `${FILE_MESSAGES}.${index}`));
    this.file.enums.forEach((desc, index) => this.readEnum(desc, `${FILE_ENUMS}.${index}`));
    this.file.services.forEach((service, index) => {
      const path = `${FILE_SERVICES}.${index}`;
      this.note(service.typeName, path);
      this.noteMembers(service.typeName, service.methods, `${path}.${SERVICE_METHODS}`);
    });
  }

  private readMessage(message: DescMessage, path: string): void {
    this.note(message.typeName, path);
    this.noteMembers(message.typeName, message.fields, `${path}.${MESSAGE_FIELDS}`);
    this.noteMembers(message.typeName, message.oneofs, `${path}.${MESSAGE_ONEOFS}`);
    message.nestedEnums.forEach((desc, index) => this.readEnum(desc, `${path}.${MESSAGE_ENUMS}.${index}`));
    // Map entries are nested types of the file but not of the descriptor, so positions are looked up by name.
    for (const nested of message.nestedMessages) {
      const index = message.proto.nestedType.findIndex((each) => each.name === nested.name);
      this.readMessage(nested, `${path}.${MESSAGE_MESSAGES}.${index}`);
    }
  }

  private readEnum(desc: DescEnum, path: string): void {
    this.note(desc.typeName, path);
    this.noteMembers(desc.typeName, desc.values, `${path}.${ENUM_VALUES}`);
  }

  private noteMembers(parent: string, members: readonly { readonly name: string }[], path: string): void {
    members.forEach((member, index) => this.note(`${parent}.${member.name}`, `${path}.${index}`));
  }

  private note(name: string, path: string): void {
    const comment = this.byPath.get(path) ?? '';
    const text = comment.replaceAll(/^ /gm, '').trim();
    if (text !== '') this.comments.set(name, text);
  }
}
