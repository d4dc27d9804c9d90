/** Placeholder for the path of the whole body. */
export const BODY = 'body';

/** Maximum length of a part of a path or value that an error repeats, since it comes from the client. */
const MAX_SHOWN = 64;

const NAME = /^[A-Za-z_$][\w$-]*$/;

/** Formats a JSON path for errors: `users[1].labels.team`, `labels["a b"]`; empty for the root. */
export function formatPath(steps: readonly (string | number)[]): string {
  let path = '';
  for (const step of steps) {
    if (typeof step === 'number') path += `[${step}]`;
    else if (!NAME.test(step) || step.length > MAX_SHOWN) path += `[${quote(step)}]`;
    else path += path === '' ? step : `.${step}`;
  }
  return path;
}

/** Formats the name of a query parameter for errors. */
export function formatParameter(name: string): string {
  return name.length <= MAX_SHOWN && /^[\w$.[\]-]+$/.test(name) ? name : quote(name);
}

/** Returns a string of the client in quotes, without control characters and of bounded length. */
export function quote(text: string): string {
  return text.length <= MAX_SHOWN ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, MAX_SHOWN)).slice(0, -1)}…"`;
}
