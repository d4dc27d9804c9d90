import type { ArgumentsHost, ExceptionFilter, Type } from '@nestjs/common';
import { EXCEPTION_FILTERS_METADATA, FILTER_CATCH_EXCEPTIONS } from '@nestjs/common/constants.js';
import type { ApplicationConfig, ModulesContainer } from '@nestjs/core';
import { replyOf, sendProblem } from '../problem.filter.js';
import { toGatewayError } from '../to-gateway-error.js';

/** Time in which a filter may still answer after it has returned, in ms. */
const GRACE_MS = 1_000;

const watched = new WeakSet<object>();

/**
 * Ensures that every request given to an adopter's filter is answered: if a filter throws, rejects or does nothing, the
 * gateway answers. Nest drops the promise of an asynchronous filter, whose rejection would end the process. Therefore
 * the method of the class is wrapped, for ordinary controllers and pipelines alike.
 */
export function watchFilters(modules: ModulesContainer, config: ApplicationConfig): void {
  for (const filter of config.getGlobalFilters()) watch(Object.getPrototypeOf(filter) as object);
  for (const { metatype } of config.getGlobalRequestFilters()) if (metatype) watch(prototypeOf(metatype));
  for (const { injectables, controllers } of modules.values()) {
    for (const { metatype } of injectables.values()) if (isFilter(metatype)) watch(prototypeOf(metatype));
    for (const { metatype } of controllers.values()) for (const each of filtersGivenTo(metatype)) watch(each);
  }
}

function isFilter(metatype: unknown): metatype is Type {
  return typeof metatype === 'function' && Reflect.hasMetadata(FILTER_CATCH_EXCEPTIONS, metatype);
}

function prototypeOf(metatype: Function): object {
  return metatype.prototype as object;
}

/** Returns the prototypes of the filters that were passed to `@UseFilters` as objects. */
function filtersGivenTo(controller: Function | null): object[] {
  if (controller === null) return [];
  const methods = Object.values(Object.getOwnPropertyDescriptors(prototypeOf(controller))).map(
    ({ value }): unknown => value,
  );
  return [controller, ...methods.filter((value) => typeof value === 'function')]
    .flatMap((target) => (Reflect.getMetadata(EXCEPTION_FILTERS_METADATA, target) as unknown[] | undefined) ?? [])
    .filter((filter): filter is object => typeof filter === 'object' && filter !== null)
    .map((filter) => Object.getPrototypeOf(filter) as object);
}

function watch(prototype: object): void {
  const filter = prototype as Partial<ExceptionFilter>;
  const { catch: original } = filter;
  if (typeof original !== 'function' || watched.has(original)) return;
  const wrapped = function (this: ExceptionFilter, error: unknown, host: ArgumentsHost): unknown {
    if (host.getType() !== 'http') return original.call(this, error, host);
    return answered(() => original.call(this, error, host), { error, host });
  };
  watched.add(wrapped);
  Object.defineProperty(prototype, 'catch', { value: wrapped, writable: true, configurable: true });
}

interface Caught {
  readonly error: unknown;
  readonly host: ArgumentsHost;
}

/** Runs a filter, and answers in its place with its failure, or with the error if it does not answer. */
function answered(filter: () => unknown, caught: Caught): unknown {
  const fail = (failure: unknown): void => answer(failure, caught);
  try {
    const outcome = filter();
    if (!(outcome instanceof Promise)) {
      allowGrace(caught);
      return outcome;
    }
    return outcome.then((value: unknown) => {
      allowGrace(caught);
      return value;
    }, fail);
  } catch (failure) {
    return fail(failure);
  }
}

/** Answers if the filter has not done so after a grace period, since it may answer in a callback. */
function allowGrace(caught: Caught): void {
  if (isAnswered(caught)) return;
  setTimeout(() => answer(caught.error, caught), GRACE_MS);
}

function answer(error: unknown, caught: Caught): void {
  if (isAnswered(caught)) return;
  const reply = replyOf(caught.host);
  sendProblem(reply.request, reply, toGatewayError(error));
}

function isAnswered({ host }: Caught): boolean {
  const reply = replyOf(host);
  return reply.sent || reply.raw.headersSent || reply.raw.destroyed;
}
