import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { installOffline, plainPath } from './installed-package.js';
import { ShellSession } from './shell-session.js';

/** Ports that documents name. A reader has free ones in their place: the only words of the commands that are changed. */
const PORTS = ['8080', '50060'];
const INSTALL = /^npm install (?:--save-dev )?(.+)$/;

/** A reader of a page in an empty folder, outside of this repository and without its commands. */
export class Reader {
  private constructor(
    readonly folder: string,
    private readonly archive: string,
    private readonly shell: ShellSession,
    private readonly ports: ReadonlyMap<string, string>,
  ) {}

  /** @param archive the package of the gateway, which the reader has from elsewhere. */
  static async sitDown(archive: string): Promise<Reader> {
    const folder = mkdtempSync(join(tmpdir(), 'adopter-'));
    const ports = new Map<string, string>();
    for (const port of PORTS) ports.set(port, await freePort());
    const npm = {
      npm_config_offline: 'true',
      npm_config_update_notifier: 'false',
      npm_config_cache: join(folder, '.npm'),
    };
    const gateway = { API_GATEWAY_PORT: ports.get('8080'), GATEWAY_ADMIN_ADDR: '' };
    const shell = new ShellSession(folder, { PATH: plainPath(), HOME: folder, ...gateway, ...npm });
    return new Reader(folder, archive, shell, ports);
  }

  /** Types a command, and gives what it wrote; one that installs from a registry does the same from this checkout. */
  async type(command: string): Promise<string> {
    const [, packages] = INSTALL.exec(command) ?? [];
    if (packages !== undefined) {
      const names = packages.split(' ').filter((name) => !/\/api-gateway-[\d.]+\.tgz$/.test(name));
      await installOffline(this.folder, this.archive, names);
      return '';
    }
    const written = await this.shell.run(this.withFreePorts(command));
    if (command.startsWith('npx gateway init')) this.write('.env', this.withFreePorts(this.read('.env')));
    return written;
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8');
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.folder, path)), { recursive: true });
    writeFileSync(join(this.folder, path), text);
  }

  /** Ends all that was started, and removes the folder. */
  async leave(): Promise<void> {
    await this.shell.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private withFreePorts(text: string): string {
    return [...this.ports].reduce((changed, [named, free]) => changed.replaceAll(named, free), text);
  }
}

/** The commands of a block of a document, without its comments. */
export function commandsIn(block: string): string[] {
  return block.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}
