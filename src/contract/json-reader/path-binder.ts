import type { PathVariable, Route } from '../route.js';
import type { JsonObject } from './exact-number.js';
import type { Findings } from './findings.js';
import { setField } from './json-fields.js';
import type { MessageChecks } from './message-checks.js';
import { compileTextReader } from './text-value.js';
import type { TextReader } from './text-value.js';

interface Slot {
  readonly variable: PathVariable;
  readonly read: TextReader;
}

/** Binds the path variables of one route. What the path says wins over the body. */
export class PathBinder {
  private readonly slots: readonly Slot[];

  /** Throws Error at boot for a variable that no text can set. */
  constructor(route: Route, checks: MessageChecks) {
    this.slots = route.variables.map((variable) => {
      const last = variable.fields.at(-1);
      const read = last && compileTextReader(last, checks.ofElement(last));
      if (read === undefined)
        throw new Error(`the path variable ${variable.fieldPath} of ${route.template} is no scalar`);
      return { variable, read };
    });
  }

  bind(path: readonly string[], root: JsonObject, findings: Findings): void {
    for (const [index, { variable, read }] of this.slots.entries()) {
      const text = path[index] ?? '';
      findings.atParameter(variable.fieldPath);
      if (!text.isWellFormed()) findings.add('is not valid UTF-8');
      else setField(root, variable.fields, read(text, findings), findings);
    }
    findings.atParameter(undefined);
  }
}
