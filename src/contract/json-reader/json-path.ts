/** What stands for the path of the whole body. */
export const BODY = 'body';

/** Longest part of a path or value that an error repeats: the rest of it came from the client as well. */
const MAX_SHOWN = 64;

const NAME = /^[A-Za-z_$][\w$-]*$/;

/** A JSON path as errors show it: `users[1].labels.team`, `labels["a b"]`; empty for the root. */
export function formatPath(steps: readonly (string | number)[]): string {
  let path = '';
  for (const step of steps) {
    if (typeof step === 'number') path += `[${step}]`;
    else if (!NAME.test(step) || step.length > MAX_SHOWN) path += `[${quote(step)}]`;
    else path += path === '' ? step : `.${step}`;
  }
  return path;
}

/** The name of a query parameter as errors show it. */
export function formatParameter(name: string): string {
  return name.length <= MAX_SHOWN && /^[\w$.[\]-]+$/.test(name) ? name : quote(name);
}

/** A string of the client, quoted, without control characters and cut to a bounded length. */
export function quote(text: string): string {
  return text.length <= MAX_SHOWN ? JSON.stringify(text) : `${JSON.stringify(text.slice(0, MAX_SHOWN)).slice(0, -1)}…"`;
}
