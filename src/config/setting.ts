import { z } from 'zod';

/** Thrown by a parser for an invalid value, with the reason and a hint. Never contains a secret. */
export class Refusal extends Error {
  constructor(
    reason: string,
    readonly hint: string,
  ) {
    super(reason);
  }
}

/** Type of a setting: the name of its format, and its parser. */
export interface Kind<T> {
  /** Name of the format in the generated documentation: `duration`, `size`. */
  readonly form: string;
  /** Throws {@link Refusal}. */
  parse(raw: string): T;
  /** The value must never be printed. */
  readonly secret?: boolean;
  /** An empty value is meaningful; for all other kinds it means that the setting is not set. */
  readonly takesEmpty?: boolean;
}

interface SettingText {
  readonly description: string;
  readonly example?: string;
  /** Alternative to a value for a missing required setting; appended to the hint after "or ". */
  readonly orElse?: string;
  /** A changed value takes effect at a reload; otherwise it needs a restart. */
  readonly reloadable?: true;
}

/** Documentation of a setting. */
export interface SettingInfo extends Omit<SettingText, 'reloadable'> {
  readonly reloadable: boolean;
  readonly form: string;
  readonly secret: boolean;
  readonly takesEmpty: boolean;
  readonly required: boolean;
  readonly default: string | undefined;
}

/** The description of each setting, kept beside its type. */
export const settingInfo = z.registry<SettingInfo>();

/** Defines a setting that must be set. */
export function required<T>(kind: Kind<T>, text: SettingText): z.ZodType<T> {
  return register(readAs(kind), describe(kind, text, { required: true }));
}

/** Defines a setting that may be left out. */
export function optional<T>(kind: Kind<T>, text: SettingText): z.ZodType<T | undefined> {
  return register(readAs(kind).optional(), describe(kind, text, {}));
}

/** Defines a setting with a default, which is written in the format of the setting and parsed like it. */
export function defaulted<T>(kind: Kind<T>, value: string, text: SettingText): z.ZodType<T> {
  return register(readAs(kind).prefault(value), describe(kind, text, { default: value }));
}

function readAs<T>(kind: Kind<T>) {
  return z.string({ error: 'is not set' }).transform((raw, context) => {
    try {
      if (!kind.secret) refuseWrapping(raw);
      return kind.parse(raw);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      context.issues.push({ code: 'custom', message: error.message, params: { hint: error.hint }, input: '' });
      return z.NEVER;
    }
  });
}

/** Rejects values with quotes or surrounding white space, which `docker run --env-file` keeps as part of the value. */
function refuseWrapping(raw: string): void {
  if (raw !== raw.trim()) throw new Refusal(`"${raw}" begins or ends with white space`, 'remove it');
  if (/^(["']).*\1$/s.test(raw)) throw new Refusal(`${raw} is in quotes`, 'remove the quotes');
}

function describe<T>(kind: Kind<T>, text: SettingText, presence: { required?: true; default?: string }): SettingInfo {
  return {
    ...text,
    reloadable: text.reloadable ?? false,
    form: kind.form,
    secret: kind.secret ?? false,
    takesEmpty: kind.takesEmpty ?? false,
    required: presence.required ?? false,
    default: presence.default,
  };
}

function register<T extends z.ZodType>(type: T, info: SettingInfo): T {
  settingInfo.add(type, info);
  return type;
}

/** Parsed values of a group of settings. */
export type SettingsOf<T extends z.ZodRawShape> = z.infer<z.ZodObject<T>>;

/** Settings of which invalid ones are missing, so that the others can still be validated. */
export type Known<T> = { readonly [K in keyof T]?: T[K] | undefined };
