/** Address of the servers behind the fault proxies, so that no client bypasses a fault. */
export const LOOPBACK = '127.0.0.1';
