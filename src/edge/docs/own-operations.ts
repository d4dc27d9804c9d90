import { RequestMethod, type Type } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import type { ExtraOperation } from '../../contract/openapi/extra-operations.js';
import { describedOperation } from './documented.decorator.js';

/** The documented operations of a controller, by the routes that Nest mounts it on. */
export function ownOperations(controller: Type): ExtraOperation[] {
  const prototype = controller.prototype as object;
  return Object.values(Object.getOwnPropertyDescriptors(prototype)).flatMap(({ value }) => {
    const described = typeof value === 'function' ? describedOperation(value as object) : undefined;
    if (described === undefined) return [];
    const verb = RequestMethod[Reflect.getMetadata(METHOD_METADATA, value as object) as RequestMethod];
    return [{ verb, path: joinPath(firstPath(controller), firstPath(value as object)), ...described }];
  });
}

function firstPath(target: object): string {
  const paths = Reflect.getMetadata(PATH_METADATA, target) as string | string[] | undefined;
  return [paths].flat()[0] ?? '';
}

function joinPath(...parts: readonly string[]): string {
  return `/${parts
    .flatMap((part) => part.split('/'))
    .filter(Boolean)
    .join('/')}`;
}
