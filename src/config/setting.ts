import { z } from 'zod';

/** Thrown by the parser of a kind: why a value is refused, and what to write instead. Never holds a secret. */
export class Refusal extends Error {
  constructor(
    reason: string,
    readonly hint: string,
  ) {
    super(reason);
  }
}

/** A form that values take: how it is written, and how it is read. */
export interface Kind<T> {
  /** For the generated documentation: `duration`, `size`. */
  readonly form: string;
  /** Throws {@link Refusal}. */
  parse(raw: string): T;
  /** The value must never be printed. */
  readonly secret?: boolean;
  /** An empty value says something; for all others it says that the setting is not set. */
  readonly takesEmpty?: boolean;
}

interface SettingText {
  readonly description: string;
  readonly example?: string;
  /** What may be set instead of a value where a required setting is missing: follows "or " in the hint. */
  readonly orElse?: string;
  /** A reload takes a changed value; otherwise it needs a restart. */
  readonly reloadable?: true;
}

/** What the documentation says about a setting. */
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

/** A setting without which the gateway does not start. */
export function required<T>(kind: Kind<T>, text: SettingText): z.ZodType<T> {
  return register(readAs(kind), describe(kind, text, { required: true }));
}

/** A setting that may be left out. */
export function optional<T>(kind: Kind<T>, text: SettingText): z.ZodType<T | undefined> {
  return register(readAs(kind).optional(), describe(kind, text, {}));
}

/** A setting whose default is written, and read, as an operator would write it. */
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

/** Files of `docker run --env-file` keep quotes and trailing spaces as part of the value. */
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
