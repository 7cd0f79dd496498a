import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectDir, projectFiles, readProject } from './project-files.ts';

const files = projectFiles();
const packageJson = JSON.parse(readProject('package.json')) as {
  scripts: Record<string, string>;
  engines: { node: string };
};

describe('the project', () => {
  it('can be installed from any registry: package-lock.json holds no addresses', () => {
    const lock = JSON.parse(readProject('package-lock.json')) as {
      packages: Record<string, { resolved?: string; version?: string; integrity?: string }>;
    };
    const packages = Object.entries(lock.packages).filter(([place]) => place !== '');

    expect(packages.length).toBeGreaterThan(100);
    expect(packages.filter(([, { resolved }]) => resolved !== undefined).map(([place]) => place)).toEqual([]);
    expect(packages.filter(([, { integrity }]) => integrity === undefined).map(([place]) => place)).toEqual(
      [],
    );
  });

  it('names no folder of a developer’s machine, and no registry', () => {
    // The recordings of real servers are what those servers said.
    const ours = files.filter((path) => !path.startsWith('test/recordings/'));
    const places = [/\/Users\/\w/, /[A-Z]:\\Users\\/, /registry\.npm\w+\./, /deb\.debian\.\w/];
    const here = [projectDir, homedir()].filter((path) => path.split('/').length > 2);
    const named = ours.filter((path) => {
      const text = readProject(path);
      return places.some((place) => place.test(text)) || here.some((place) => text.includes(place));
    });

    expect(named).toEqual([]);
  });

  it('has no source file of 400 lines or more', () => {
    const sources = files.filter((path) => /^src\/.*\.(ts|tsx|mjs|css|java)$/.test(path));
    const long = sources.map((path) => ({ path, lines: readProject(path).split('\n').length }));

    expect(sources.length).toBeGreaterThan(50);
    expect(long.filter(({ lines }) => lines >= 400)).toEqual([]);
  });

  it('names its files in kebab-case', () => {
    const sources = files.filter((path) => /^(src|test|bench)\/.*\.(ts|tsx|mjs)$/.test(path));

    expect(sources.filter((path) => !/^[a-z0-9./-]+$/.test(path))).toEqual([]);
  });

  it('asks for the Node that it refuses to run without', () => {
    const set = readProject('src/demo/set-up/run.mjs');

    expect(packageJson.engines.node).toBe('^20.19.0 || >=22.12.0');
    expect(set).toContain('major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)');
  });

  it('runs each npm script through the set-up, which knows it', () => {
    const setUp = readProject('src/demo/set-up/run.mjs');

    for (const [name, command] of Object.entries(packageJson.scripts)) {
      expect(command).toBe(`node src/demo/set-up/run.mjs ${name}`);
      expect(setUp).toContain(`case '${name}':`);
    }
  });

  it('has the npm scripts that its pages and its CI name', () => {
    const pages = ['README.md', '.ci/run'].filter((path) => existsSync(join(projectDir, path)));
    const named = pages.flatMap((path) => [
      ...[...readProject(path).matchAll(/npm (?:run )?(test|start)\b/g)].map(([, name = '']) => name),
      ...[...readProject(path).matchAll(/npm run ([\w:-]+)/g)].map(([, name = '']) => name),
    ]);

    expect(named).toContain('demo');
    expect(named.filter((name) => !(name in packageJson.scripts))).toEqual([]);
  });
});
