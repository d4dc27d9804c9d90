import type { Message } from '@bufbuild/protobuf';

/**
 * A generated message type as @grpc/proto-loader hands it over with the options of {@link loadDefinitions}:
 * int64 and enums are strings, bytes are a Buffer, an unset message is null, and the members of a oneof are plain fields.
 */
export type Wire<T> = Fields<T> & Intersection<object | { [K in keyof T]-?: Members<T[K]> }[keyof T]>;

type Fields<T> = {
  [K in keyof T as K extends `$${string}` ? never : T[K] extends Oneof ? never : K]:
    Value<T[K]> | (undefined extends T[K] ? null : never);
};

type Oneof = { case: string | undefined };

type Members<T> = T extends { case: infer C extends string; value: infer V } ? { [K in C]?: Value<V> } : never;

type Value<T> = T extends bigint
  ? string
  : T extends number
    ? EnumAsString<T>
    : T extends readonly (infer E)[]
      ? Value<E>[]
      : T extends Uint8Array
        ? Uint8Array
        : T extends Message
          ? Wire<T>
          : T extends object
            ? { [K in keyof T]: Value<T[K]> }
            : T;

type EnumAsString<T extends number> = `${number}` extends `${T}` ? number : string;

type Intersection<U> = (U extends unknown ? (part: U) => void : never) extends (whole: infer I) => void ? I : never;
