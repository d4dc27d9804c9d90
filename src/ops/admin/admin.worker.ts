import { parentPort, workerData } from 'node:worker_threads';
import type { MainMessage, WorkerSettings } from './admin-messages.js';
import { AdminServer } from './admin-server.js';
import { CallerCheck } from './caller-check.js';
import { MainThread } from './main-thread.js';
import type { AddressInfo } from 'node:net';

if (parentPort === null) throw new Error('this file must run as the worker of the admin listener');
const port = parentPort;
const settings = workerData as WorkerSettings;
const main = new MainThread(port, settings);
const admin = new AdminServer(new CallerCheck(settings), main);
const { server } = admin;

port.on('message', (message: MainMessage) => {
  if (main.take(message)) return;
  main.inspection.close();
  // The last responses are sent; without a server and a port nothing keeps the thread alive.
  admin.close(() => port.close());
});
server.on('error', (error: NodeJS.ErrnoException) => {
  main.send({ kind: 'failed', code: error.code ?? '', message: error.message });
});
server.listen({ host: settings.address, port: settings.port }, () => {
  main.send({ kind: 'listening', port: (server.address() as AddressInfo).port });
});
