import type { CodePosition } from './source-positions.js';

const MAX_FRAMES = 100;

/**
 * Returns the stack of this thread when the inspector interrupted it, innermost first: positions in the running code,
 * not in its sources. Empty when it was waiting for events.
 */
export function callStack(): CodePosition[] {
  const { stackTraceLimit } = Error;
  const formatter = Object.getOwnPropertyDescriptor(Error, 'prepareStackTrace');
  const holder: { stack?: unknown } = {};
  Error.stackTraceLimit = MAX_FRAMES;
  // Node's own formatter would load source maps here, on a thread that is already late.
  Error.prepareStackTrace = (_error, sites) => sites.map(position);
  try {
    Error.captureStackTrace(holder, callStack);
    const frames = holder.stack as CodePosition[];
    // The frames of the diagnostics are above the frame without a script, which the inspector made.
    return frames.slice(frames.findIndex(({ url }) => url === '') + 1);
  } finally {
    if (formatter === undefined) Reflect.deleteProperty(Error, 'prepareStackTrace');
    else Object.defineProperty(Error, 'prepareStackTrace', formatter);
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function position(site: NodeJS.CallSite): CodePosition {
  const method = site.getFunctionName() ?? site.getMethodName() ?? '';
  const type = site.isToplevel() ? null : site.getTypeName();
  const isNamed = type === null || type === 'Object' || method === '' || method.includes('.');
  return {
    functionName: isNamed ? method : `${type}.${method}`,
    url: site.getFileName() ?? '',
    lineNumber: (site.getLineNumber() ?? 1) - 1,
    columnNumber: (site.getColumnNumber() ?? 1) - 1,
  };
}
