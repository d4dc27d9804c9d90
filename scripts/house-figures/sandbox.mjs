// Starts the sandbox of the checkout in the current directory, and prints what a gateway and a caller need as one line
// of JSON. It ends when its standard input ends.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

// Earlier versions have the sandbox in world.ts.
const file = ['sandbox/environment.ts', 'sandbox/world.ts'].find((path) => existsSync(path));
const { startSandbox, startWorld } = await import(pathToFileURL(resolve(file)).href);
const sandbox = await (startSandbox ?? startWorld)({ faultServer: false, idp: false });
const token = await sandbox.issueToken('alice@acme.test');
process.stdout.write(`${JSON.stringify({ env: sandbox.gatewayEnv(), token })}\n`);
process.stdin.resume();
process.stdin.once('end', () => void sandbox.close().then(() => process.exit()));
