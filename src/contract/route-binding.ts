import { ScalarType } from '@bufbuild/protobuf';
import type { DescField, DescMessage, DescMethod } from '@bufbuild/protobuf';
import type { RpcMethod } from '../domain/rpc-method.js';
import { isCollection, resolveFieldPath } from './field-path.js';
import { fieldRules } from './field-rules.js';
import { findGuardedVariables, findHttpBodyMistakes, findWellKnownMistakes } from './route-mistakes.js';
import type { HttpBinding } from './http-rule.js';
import { findMaskMistakes } from './mask-mistakes.js';
import { parsePathTemplate, PathTemplateError } from './path-template.js';
import type { PathTemplate, TemplateVariable } from './path-template.js';
import type { PathVariable, Route } from './route.js';

/** Returns the route of one binding, or its mistakes. */
export function bindRoute(method: RpcMethod, desc: DescMethod, binding: HttpBinding): Route | readonly string[] {
  const binder = new Binder();
  const path = binder.parse(binding.template);
  const variables = (path?.variables ?? []).flatMap((variable) => binder.bindVariable(desc.input, variable));
  const body = binding.body === '*' ? '*' : binder.bindField('body', desc.input, binding.body);
  const responseBody = binder.bindField('response_body', desc.output, binding.responseBody);
  if (path === undefined || binder.mistakes.length > 0) return binder.mistakes;
  const route: Route = Object.freeze({
    method,
    desc,
    verb: binding.verb,
    template: path.source,
    path,
    variables,
    body,
    responseBody,
  });
  const mistakes = [
    ...findGuardedVariables(route),
    ...findHttpBodyMistakes(route),
    ...findMaskMistakes(route),
    ...findWellKnownMistakes(route),
  ];
  return mistakes.length > 0 ? mistakes : route;
}

/** Looks up the names in a binding and collects those that it cannot find. */
class Binder {
  readonly mistakes: string[] = [];

  parse(template: string): PathTemplate | undefined {
    try {
      return parsePathTemplate(template);
    } catch (error) {
      if (!(error instanceof PathTemplateError)) throw error;
      this.mistakes.push(error.message);
      return undefined;
    }
  }

  bindVariable(request: DescMessage, variable: TemplateVariable): PathVariable[] {
    const { fieldPath, multiSegment } = variable;
    const fields = resolveFieldPath(request, fieldPath);
    const mistake = typeof fields === 'string' ? fields : findVariableMistake(fields, multiSegment);
    if (typeof fields !== 'string' && mistake === undefined) return [{ fieldPath, fields, multiSegment }];
    this.mistakes.push(`path variable {${fieldPath}}: ${mistake}`);
    return [];
  }

  /** Refuses a body that is ignored, or a response body that is never shown (AIP-203). */
  private checkBehavior(option: 'body' | 'response_body', field: DescField): void {
    const { outputOnly, inputOnly } = fieldRules(field);
    if (option === 'body' && outputOnly) this.mistakes.push(`body "${field.name}": it is OUTPUT_ONLY`);
    if (option === 'response_body' && inputOnly) this.mistakes.push(`response_body "${field.name}": it is INPUT_ONLY`);
  }

  /** Returns a field of the message itself; undefined when none is named. */
  bindField(option: 'body' | 'response_body', message: DescMessage, name: string): DescField | undefined {
    if (name === '') return undefined;
    const field = message.fields.find((each) => each.name === name);
    const reason = name.includes('.') ? 'it must be a field of the message itself' : resolveFieldPath(message, name);
    if (field === undefined) this.mistakes.push(`${option} "${name}": ${typeof reason === 'string' ? reason : ''}`);
    else this.checkBehavior(option, field);
    return field;
  }
}

function findVariableMistake(fields: readonly DescField[], multiSegment: boolean): string | undefined {
  const collection = fields.find(isCollection);
  if (collection !== undefined) return `"${collection.name}" is repeated or a map; only singular fields can be bound`;
  const leaf = fields.at(-1);
  if (leaf?.message !== undefined) return `"${leaf.name}" is a message; only a scalar or an enum can be bound`;
  if (multiSegment && leaf?.scalar !== ScalarType.STRING) return 'only a string can hold several segments';
  return undefined;
}
