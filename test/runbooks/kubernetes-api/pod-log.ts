import type { ServerResponse } from 'node:http';
import type { Pod } from './pod.js';

const FOLLOW_MS = 100;

/** Writes what a pod has logged, narrowed as the query says: `sinceSeconds`, `tailLines`, `previous`, `timestamps`, `follow`. */
export function writeLog(response: ServerResponse, query: URLSearchParams, pod: Pod | undefined): void {
  const restarts = pod?.object.status.containerStatuses[0]?.restartCount ?? 0;
  if (pod === undefined || (query.get('previous') === 'true' && restarts === 0)) {
    const message = `previous terminated container "api-gateway" in pod "${pod?.name ?? ''}" not found`;
    const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason: 'BadRequest', code: 400 };
    response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify(status));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/plain' });
  const isStamped = query.get('timestamps') === 'true';
  const print = ({ at, text }: { at: Date; text: string }) => `${isStamped ? `${at.toISOString()} ` : ''}${text}\n`;
  const seconds = Number(query.get('sinceSeconds') ?? Number.POSITIVE_INFINITY);
  const recent = pod.process.log().filter(({ at }) => Date.now() - at.getTime() <= seconds * 1_000);
  const tail = query.get('tailLines');
  const shown = tail === null || Number(tail) < 0 ? recent : Number(tail) === 0 ? [] : recent.slice(-Number(tail));
  response.write(shown.map(print).join(''));
  if (query.get('follow') !== 'true') return void response.end();
  let told = pod.process.log().length;
  const follow = setInterval(() => {
    const fresh = pod.process.log().slice(told);
    told += fresh.length;
    if (fresh.length > 0) response.write(fresh.map(print).join(''));
  }, FOLLOW_MS);
  response.once('close', () => clearInterval(follow));
}
