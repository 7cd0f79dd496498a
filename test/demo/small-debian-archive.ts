import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export interface SmallPackage {
  name: string;
  depends?: string;
  /** Path → text; what lies in a bin folder is made executable. */
  files: Record<string, string>;
  /** Path → what it links to. */
  links?: Record<string, string>;
}

/** A Debian archive of a few packages in a folder, for the real apt-get and dpkg-deb. */
export class SmallDebianArchive {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Environment in which apt-get knows this archive alone. */
  get environment(): Record<string, string> {
    return { APT_CONFIG: join(this.#folder, 'apt.conf') };
  }

  async publish(packages: readonly SmallPackage[]): Promise<void> {
    const repository = join(this.#folder, 'repository');
    await rm(repository, { recursive: true, force: true });
    await mkdir(repository, { recursive: true });
    for (const wanted of packages) await this.#build(wanted, repository);
    const index: string[] = [];
    for (const file of await readdir(repository)) {
      const bytes = await readFile(join(repository, file));
      const { stdout } = await run('dpkg-deb', ['--field', join(repository, file)]);
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      index.push(`${stdout.trim()}\nFilename: ./${file}\nSize: ${bytes.length}\nSHA256: ${sha256}\n`);
    }
    await writeFile(join(repository, 'Packages'), index.join('\n'));
    await this.useSource(`deb [trusted=yes] file:${repository} ./`);
  }

  async useSource(line: string): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const sources = join(this.#folder, 'sources.list');
    await writeFile(sources, `${line}\n`);
    const settings = `Dir::Etc::sourcelist "${sources}";\nDir::Etc::sourceparts "-";\n`;
    await writeFile(join(this.#folder, 'apt.conf'), settings);
  }

  async #build({ name, depends, files, links = {} }: SmallPackage, repository: string): Promise<void> {
    const tree = join(this.#folder, 'tree');
    await rm(tree, { recursive: true, force: true });
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(tree, path)), { recursive: true });
      await writeFile(join(tree, path), text);
      if (/(^|\/)bin\//.test(path)) await chmod(join(tree, path), 0o755);
    }
    for (const [path, target] of Object.entries(links)) {
      await mkdir(dirname(join(tree, path)), { recursive: true });
      await symlink(target, join(tree, path));
    }
    const fields = [
      `Package: ${name}`,
      'Version: 1.0',
      'Architecture: all',
      'Maintainer: Nobody <nobody@localhost>',
      ...(depends === undefined ? [] : [`Depends: ${depends}`]),
      'Description: small stand-in',
    ];
    await mkdir(join(tree, 'DEBIAN'), { recursive: true });
    await writeFile(join(tree, 'DEBIAN/control'), `${fields.join('\n')}\n`);
    await chmod(join(tree, 'DEBIAN'), 0o755);
    await run('dpkg-deb', ['--build', '--root-owner-group', tree, join(repository, `${name}_1.0_all.deb`)]);
  }
}
