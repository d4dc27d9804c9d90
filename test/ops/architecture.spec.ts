import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSandbox, type SandboxEnvironment } from '../../sandbox/environment.js';
import { Coverage } from '../../scripts/house-figures/coverage.js';
import { Client } from '../support/client.js';
import { gatewayCommand } from '../support/gateway-command.js';
import { builtProgram, GatewayProcess } from '../support/gateway-process.js';
import { findFiles, readText } from './project-files.js';

const PAGE = readText('docs/architecture.md');
const PATH_TABLE = /<!-- path:begin -->([\s\S]*)<!-- path:end -->/.exec(PAGE)?.[1] ?? '';
const PATH_FILES = [...PATH_TABLE.matchAll(/`([a-z][\w/.-]*)\.ts`/g)].map((match) => match[1] ?? '');

/** Returns the room and the name of a file: a file may move within its room. */
const placeOf = (file: string) => `${file.split('/')[0]} ${file.split('/').at(-1)}`;

/** Returns the names on a line of `gateway explain`. */
const namesOf = (line: string, out: string) =>
  (new RegExp(`^  ${line} +(.*)$`, 'm').exec(out)?.[1] ?? '').split(', ').filter((name) => !name.includes(' '));

describe('docs/architecture.md', () => {
  let sandbox: SandboxEnvironment;
  let gateway: GatewayProcess;
  let executed: ReadonlySet<string>;

  beforeAll(async () => {
    sandbox = await startSandbox({ faultServer: false, idp: false });
    const env = { GATEWAY_CONTRACT_DRIFT_INTERVAL: '0s', GATEWAY_GRPC_TRANSPORT: 'http2' };
    gateway = await GatewayProcess.start(sandbox, env, ['--inspect=127.0.0.1:0', ...builtProgram()]);
    const alice = new Client(gateway.url, await sandbox.issueToken('alice@acme.test'));
    const user = [...sandbox.directory.users.values()].find(({ email }) => email === 'alice@acme.test');
    const getOne = async () => {
      const response = await alice.get(`/api/v1/users/${user?.id}`);
      await response.text();
      expect(response.status).toBe(200);
    };
    await getOne();
    const coverage = await Coverage.start(gateway.stderr);
    executed = new Set((await coverage.of(getOne)).map(({ file }) => placeOf(file)));
    coverage.close();
  });

  afterAll(async () => {
    await gateway?.kill();
    await sandbox?.close();
  });

  it('names more than thirty files of the path of a GET', () => {
    expect(PATH_FILES.length).toBeGreaterThan(30);
  });

  it.each(PATH_FILES)('names %s, which a GET really executes', (file) => {
    expect([...executed]).toContain(placeOf(file));
  });

  it('has each room that a GET goes through on its path', () => {
    const rooms = (places: Iterable<string>) => new Set([...places].map((place) => place.split(' ')[0]));
    const onPage = rooms(PATH_FILES.map(placeOf));
    // Settings are read at startup; a reload exchanges what their view holds.
    expect([...rooms(executed)].filter((room) => room !== 'config' && !onPage.has(room))).toEqual([]);
  });

  it('has the checks, guards, interceptors and layers in the order of gateway explain', async () => {
    const { out } = await gatewayCommand(['explain', 'GET', '/api/v1/users/42'], sandbox.gatewayEnv());
    const names = ['first', 'guards', 'interceptors', 'call'].flatMap((line) => namesOf(line, out));
    // What answers a preflight request does not look at a GET.
    const expected = names.filter((name) => name !== 'preflight');
    expect(expected.length).toBeGreaterThan(12);
    expect(
      [...PATH_TABLE.matchAll(/`([A-Za-z-]+)`/g)]
        .map((match) => match[1])
        .filter((name) => expected.includes(name ?? '')),
    ).toEqual(expected);
  });

  it('has the rooms in the order of CONTRIBUTING.md', () => {
    const rooms = [...readText('CONTRIBUTING.md').matchAll(/^\| `(\w+)\/` +\|/gm)].map((match) => match[1]);
    expect([...PAGE.matchAll(/^- `(\w+)\/`:/gm)].map((match) => match[1])).toEqual(rooms);
  });

  it('names only files that exist', () => {
    const named = [...PAGE.matchAll(/`((?:src|test|proto|runbooks)\/[\w/.-]+\.\w+)`/g)].map((match) => match[1] ?? '');
    const missing = [...named, ...PATH_FILES.map((file) => `src/${file}.ts`)].filter(
      (path) => findFiles(path).length === 0,
    );
    expect(missing).toEqual([]);
  });
});
