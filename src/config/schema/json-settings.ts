import { defaulted, type SettingsOf } from '../setting.js';
import { oneOf } from '../string-parsers.js';
import { count, flag } from '../unit-parsers.js';
import type { httpSettings } from './http-settings.js';

/** Settings of JSON requests and responses. */
export const jsonSettings = {
  GATEWAY_JSON_EMIT_DEFAULTS: defaulted(flag, 'true', {
    description: 'Write fields without presence even when they have their default value (`0`, `""`, `[]`).',
  }),
  GATEWAY_JSON_FIELD_NAMES: defaulted(oneOf('camel', 'proto'), 'camel', {
    description:
      'Field names in responses: `camel` is `displayName` or the `json_name` of the field, `proto` is `display_name` as in the proto. Requests may use either (ProtoJSON).',
  }),
  GATEWAY_JSON_ENUMS: defaulted(oneOf('names', 'numbers'), 'names', {
    description: 'Enums in responses: names or numbers. Requests may use either (ProtoJSON).',
  }),
  GATEWAY_JSON_MAX_DEPTH: defaulted(count({ min: 1, max: 100 }), '64', {
    description: 'Maximum nesting depth of a request body (400).',
  }),
  GATEWAY_JSON_MAX_KEYS: defaulted(count({ min: 1 }), '1000', {
    description: 'Maximum number of object keys in a request body (400).',
  }),
};

/** Maps the settings of JSON. */
export function jsonOf(settings: SettingsOf<typeof jsonSettings & Pick<typeof httpSettings, 'GATEWAY_IGNORED_QUERY'>>) {
  return {
    emitDefaults: settings.GATEWAY_JSON_EMIT_DEFAULTS,
    maxDepth: settings.GATEWAY_JSON_MAX_DEPTH,
    maxKeys: settings.GATEWAY_JSON_MAX_KEYS,
    protoNames: settings.GATEWAY_JSON_FIELD_NAMES === 'proto',
    enumNumbers: settings.GATEWAY_JSON_ENUMS === 'numbers',
    ignoredQuery: settings.GATEWAY_IGNORED_QUERY,
  };
}

export type JsonConfig = Readonly<ReturnType<typeof jsonOf>>;
