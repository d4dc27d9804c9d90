import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { readText } from '../ops/project-files.js';
import { packGateway } from '../support/installed-package.js';
import { commandsIn, Reader } from '../support/reader.js';
import { shellBlock } from '../support/code-blocks.js';

const PAGE = 'docs/applications.md';
/** Files of the application by the first lines of their blocks, and the one that has no comments. */
const FILES = ['buf.gen.yaml', 'src/orders.module.ts', 'src/orders.test.ts'];

/** Compiled only if the compiler knows the types: it reports an expected error that does not occur. */
const MISTAKEN = `import { RpcController } from 'api-gateway';
import { issueToken } from 'api-gateway/testing';
// @ts-expect-error a secret is a text
export const token = issueToken({ secret: 42 });
// @ts-expect-error a service is described by its descriptor
export const controller = RpcController('orders.v1.OrderService');
`;

let archive: string;
let reader: Reader;

beforeAll(async () => {
  archive = packGateway(inject('builtGateway'), { types: true });
  reader = await Reader.sitDown(archive);
  await reader.type('npm install ~/api-gateway/api-gateway-0.1.0.tgz @bufbuild/buf');
  await reader.type('npx gateway init .');
  for (const command of commandsIn(shellBlock(PAGE, 'npm pkg set'))) await reader.type(command);
  for (const path of FILES) reader.write(path, fileOnPage(path));
  reader.write('tsconfig.json', block('json'));
  reader.write('src/mistaken.ts', MISTAKEN);
});
afterAll(async () => {
  await reader.leave();
  rmSync(dirname(archive), { recursive: true, force: true });
});

/** The first block of the page in a language that begins as given. */
function block(language: string, beginning = ''): string {
  const fences = [...readText(PAGE).matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)];
  const [, , body] = fences.find(([, of, text]) => of === language && text?.startsWith(beginning) === true) ?? [];
  if (body === undefined) throw new Error(`${PAGE} has no ${language} block that begins with ${beginning}`);
  return body;
}

function fileOnPage(path: string): string {
  return path.endsWith('.ts') ? block('ts', `// ${path}`) : block('yaml', `# ${path}`);
}

describe('an application made of the package', () => {
  it('is compiled against its types, and passes its own tests', async () => {
    const outputs: string[] = [];
    for (const command of commandsIn(shellBlock(PAGE, 'node --test'))) {
      outputs.push(await reader.type(`${command} 2>&1 || echo "exit $?"`));
    }
    expect(outputs.slice(0, -1)).toEqual(outputs.slice(0, -1).map(() => ''));
    expect(outputs.at(-1)).toMatch(/^# pass 4$|^ℹ pass 4$/m);
  });

  it('cannot import what is not promised', async () => {
    const imported = await reader.type(
      `node -e "import('api-gateway/dist/main.js').catch(({ code }) => console.log(code))"`,
    );
    expect(imported).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  it.each(['proto/gateway/v1/policy.proto', 'package.json'])('finds %s in the package', async (path) => {
    const found = await reader.type(`node -p "require.resolve('api-gateway/${path}')"`);
    expect(found.trim()).toBe(`${reader.folder}/node_modules/api-gateway/${path}`);
  });
});
