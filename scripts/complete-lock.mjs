// Adds to package-lock.json the optional platform packages that an install left out because its registry did not have
// them yet: `npm ci` refuses a lock file without them, whatever the platform. Run after `npm install`.
import { readFileSync, writeFileSync } from 'node:fs';

const FILE = new URL('../package-lock.json', import.meta.url);
const SYSTEMS = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'];
const PROCESSORS = ['arm64', 'x64', 'ia32', 'ppc64', 's390x', 'riscv64', 'loong64', 'arm'];

/** Reads the platform from a name such as `@scope/tool-linux-arm64-gnu`. */
function platformOf(name) {
  const words = name.split('/').at(-1).replace('aarch64', 'arm64');
  const os = SYSTEMS.find((system) => words.includes(system));
  const cpu = PROCESSORS.find((processor) => words.includes(processor));
  return { ...(cpu && { cpu: [cpu] }), ...(os && { os: [os] }) };
}

function missingEntries(packages) {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {}, dev }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages))
      .map(([name, version]) => [
        `node_modules/${name}`,
        { version, ...(dev && { dev }), optional: true, ...platformOf(name) },
      ]),
  );
}

const lock = JSON.parse(readFileSync(FILE, 'utf8'));
const { '': root, ...rest } = lock.packages;
const complete = [...Object.entries(rest), ...missingEntries(lock.packages)].toSorted(([a], [b]) =>
  a.localeCompare(b, 'en'),
);
lock.packages = { '': root, ...Object.fromEntries(complete) };
writeFileSync(FILE, `${JSON.stringify(lock, null, 2)}\n`);
