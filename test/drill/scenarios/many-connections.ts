import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Scenario } from './scenario.js';

const CONNECTIONS = 1_300;
const PAUSE_MS = 5;
let sockets: Socket[] = [];

export const MANY_CONNECTIONS: Scenario = {
  name: 'many-connections',
  fault: 'Clients open connections and do not close them',
  env: { GATEWAY_KEEP_ALIVE_TIMEOUT: '10m' },
  inject: async ({ pod, parts }) => {
    const { hostname, port } = new URL(pod.url);
    sockets = [];
    parts.add({ close: () => sockets.forEach((socket) => socket.destroy()) });
    for (let count = 0; count < CONNECTIONS; count++) {
      const socket = connect(Number(port), hostname).on('error', () => undefined);
      socket.resume().write('GET /openapi.json HTTP/1.1\r\nhost: gateway\r\naccept: text/none\r\n\r\n');
      sockets.push(socket);
      await pause(PAUSE_MS);
    }
  },
  heal: () => {
    for (const socket of sockets) socket.destroy();
    return Promise.resolve();
  },
  alerts: [{ alert: 'GatewayActiveResourcesGrowing', receiver: 'slack-infra-oncall' }],
};
