// Sends the arguments of `kubectl exec` to the exec server of a test, and behaves as what runs there does.
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';

const url = process.env['RUNBOOK_EXEC_URL'];
const response = await fetch(url, { method: 'POST', body: JSON.stringify(process.argv.slice(2)) });
for await (const line of createInterface({ input: Readable.fromWeb(response.body) })) {
  const { out = '', err = '', code } = JSON.parse(line);
  process.stdout.write(out);
  process.stderr.write(err);
  if (code !== undefined) process.exitCode = code;
}
