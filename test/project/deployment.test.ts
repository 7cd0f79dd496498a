import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { freePort } from '../../src/demo/free-port.ts';
import { startRedis } from '../../src/demo/redis-server.ts';
import { tools } from '../tools.ts';
import { smallest } from '../unit/a-config.ts';
import { until } from '../world.ts';
import { type Instruction, isSentToBuilder, parseDockerfile } from './dockerfile.ts';
import { projectDir, projectFiles, readProject } from './project-files.ts';

const run = promisify(execFile);

interface Service {
  image?: string;
  build?: string;
  command?: string[];
  environment?: Record<string, string>;
  volumes?: (string | { type: string; source: string; target: string; read_only?: boolean })[];
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
  read_only?: boolean;
}

const stages = parseDockerfile(readProject('Dockerfile'));
const build = stages.find(({ name }) => name === 'build');
const image = stages.at(-1);
const dockerignore = readProject('.dockerignore');
const compose = parse(readProject('docker-compose.yml')) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};
const services = Object.entries(compose.services);
const example = readProject('heapdump.example.yaml');

const all = (name: string, instructions: Instruction[] = image?.instructions ?? []) =>
  instructions.filter((instruction) => instruction.name === name);

const A_KUBECONFIG = stringify({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'cn-1',
  clusters: [{ name: 'cn-1', cluster: { server: 'https://192.0.2.1:6443' } }],
  contexts: [{ name: 'cn-1', context: { cluster: 'cn-1', user: 'worker' } }],
  users: [{ name: 'worker', user: { token: 'some-token' } }],
});

/** dist/bot/main.js is made of src/bot/main.ts, and is all that a command of ours may name. */
function sourceOf(command: readonly string[]): string {
  const [program, ...args] = command;
  expect(program).toBe('node');
  const file = args.find((arg) => !arg.startsWith('-')) ?? '';
  expect(file).toMatch(/^dist\/.+\.js$/);
  return file.replace(/^dist\//, 'src/').replace(/\.js$/, '.ts');
}

describe('the image', () => {
  it('is built and run on one pinned Node that package.json allows', () => {
    expect(new Set(stages.map((stage) => stage.image)).size).toBe(1);
    expect(image?.image).toMatch(/^node:24(\.\d+)*-\w+-slim$/);
    expect(JSON.parse(readProject('package.json')).engines.node).toMatch(/>=22/);
  });

  it('is made of files that are there and are sent to the builder', () => {
    const copied = stages.flatMap(({ instructions }) =>
      all('COPY', instructions)
        .filter(({ flags }) => flags.from === undefined)
        .flatMap(({ args }) => args.slice(0, -1)),
    );

    expect(copied).toContain('tools');
    expect(copied.filter((path) => !existsSync(join(projectDir, path)))).toEqual([]);
    expect(copied.filter((path) => !isSentToBuilder(dockerignore, path))).toEqual([]);
  });

  it('is sent no secret, and nothing that the clone has built or installed itself', () => {
    const kept = ['heapdump.yaml', 'kubeconfig', '.env', 'node_modules', 'dist', '.git', '.cache', 'x.hprof'];

    expect(kept.filter((path) => isSentToBuilder(dockerignore, path))).toEqual([]);
  });

  it('takes from the build what the build makes', () => {
    const commands = all('RUN', build?.instructions).map(({ text }) => text);
    const compile = commands.find((text) => text.includes('tsc -p '));
    const [, project = ''] = /tsc -p (\S+)/.exec(compile ?? '') ?? [];
    const settings = JSON.parse(readProject(project)) as { compilerOptions: { outDir: string } };
    const taken = all('COPY').filter(({ flags }) => flags.from === 'build');

    expect(taken.map(({ args }) => args)).toEqual([[`/app/${settings.compilerOptions.outDir}`, './dist']]);
    expect(all('WORKDIR', build?.instructions).map(({ text }) => text)).toEqual(['/app']);
  });

  it('holds the packages of production alone, as package-lock.json names them', () => {
    const installs = all('RUN').map(({ text }) => text);

    expect(installs).toEqual([expect.stringMatching(/^npm ci --omit=dev /)]);
    expect(all('ENV').map(({ text }) => text)).toEqual([
      'NODE_ENV=production',
      'MALLOC_ARENA_MAX=2',
      'NODE_OPTIONS=--max-semi-space-size=1',
    ]);
  });

  it('runs as nobody in particular, and is stopped by the signal that node waits for', () => {
    const [user] = all('USER').at(-1)?.args ?? [];

    expect(user).toMatch(/^[1-9]\d{3,}:[1-9]\d{3,}$/);
    expect(all('STOPSIGNAL').map(({ text }) => text)).toEqual(['SIGTERM']);
    expect(readProject('src/run-until-signal.ts')).toContain("process.on('SIGTERM'");
  });

  it('needs no init process: the product starts no processes', () => {
    const product = projectFiles().filter((path) => /^src\/(?!demo\/).*\.ts$/.test(path));

    expect(product.filter((path) => /['"](node:)?child_process['"]/.test(readProject(path)))).toEqual([]);
  });

  it('starts a file that the build makes', () => {
    const source = sourceOf(all('CMD').at(-1)?.args ?? []);

    expect(existsSync(join(projectDir, source))).toBe(true);
  });
});

describe('what is in the image is enough', () => {
  let app: string;

  beforeAll(async () => {
    // On the project's own disk, where packages can be linked instead of copied.
    await mkdir(join(projectDir, '.cache'), { recursive: true });
    app = await mkdtemp(join(projectDir, '.cache/image-'));
    const tsc = join(projectDir, 'node_modules/typescript/bin/tsc');
    await run(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', join(app, 'dist')], {
      cwd: projectDir,
    });
    await cp(join(projectDir, 'package.json'), join(app, 'package.json'));
    await cp(join(projectDir, 'tools'), join(app, 'tools'), { recursive: true });
    const lock = JSON.parse(readProject('package-lock.json')) as {
      packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
    };
    for (const [place, { dev, devOptional }] of Object.entries(lock.packages)) {
      const nested = place.lastIndexOf('node_modules/') > 0;
      if (place === '' || nested || dev === true || devOptional === true) continue;
      if (!existsSync(join(projectDir, place))) continue;
      await mkdir(dirname(join(app, place)), { recursive: true });
      await symlink(join(projectDir, place), join(app, place));
    }
  });
  afterAll(() => rm(app, { recursive: true, force: true }));

  // --preserve-symlinks: a package finds its neighbours in the image's folder, not in the one that it is linked from.
  const node = (...args: string[]) =>
    run(process.execPath, ['--preserve-symlinks', '--enable-source-maps', ...args], { cwd: app });

  it.each(['dist/main.js', 'dist/bot/main.js', 'dist/worker/main.js', 'dist/doctor/main.js'])(
    'to start %s',
    async (file) => {
      const { stdout } = await node(file, '--help');

      expect(stdout).toContain('--config <file>');
    },
  );

  it('to say what is wrong with the config, and end', async () => {
    await expect(node('dist/main.js', '--config', 'none.yaml')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^Bad config none\.yaml:\n/),
    });
  });

  it('to work, and to tell of its health, on a file system that cannot be written to', async () => {
    const redis = await startRedis({ tools: tools(), workDir: join(app, 'redis') });
    const port = await freePort();
    const config = {
      ...smallest(),
      redis: { url: redis.url },
      clusters: [{ name: 'cn-1', kubeconfig: 'kubeconfig' }],
      health: { host: '127.0.0.1', port },
    };
    config.store = {
      ...config.store,
      ...{ uploadCredentials: { accessKeyId: 'id', accessKeySecret: 'secret' } },
    };
    await writeFile(join(app, 'heapdump.yaml'), stringify(config));
    await writeFile(join(app, 'kubeconfig'), A_KUBECONFIG);
    // Node's permission model stands for the read-only root: reading alone is allowed.
    const permission = process.allowedNodeEnvironmentFlags.has('--permission')
      ? '--permission'
      : '--experimental-permission';
    const child = spawn(
      process.execPath,
      [
        '--preserve-symlinks',
        permission,
        '--allow-fs-read=*',
        '--allow-worker',
        'dist/worker/main.js',
        '--cluster',
        'cn-1',
      ],
      {
        cwd: app,
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, HEAPDUMP_CONFIG: 'heapdump.yaml' },
      },
    );
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    const ended = once(child, 'exit');
    try {
      await until(
        async () => said.includes('worker is up') || child.exitCode !== null,
        60_000,
        () => said,
      );
      const ready = await fetch(`http://127.0.0.1:${port}/readyz`);
      expect(await ready.json()).toEqual({ ready: true, checks: { up: true, 'queue cn-1': true } });
    } finally {
      child.kill('SIGTERM');
      await ended;
      await redis.stop();
    }

    expect(child.exitCode).toBe(0);
    expect(said).not.toContain('ERR_ACCESS_DENIED');
  });

  it('and holds nothing of the demo', async () => {
    expect(await readdir(join(app, 'dist'))).not.toContain('demo');
    expect(existsSync(join(app, 'node_modules/vitest'))).toBe(false);
    expect(existsSync(join(app, 'node_modules/bullmq'))).toBe(true);
  });
});

describe('docker-compose.yml', () => {
  const ours = services.filter(([, service]) => service.build !== undefined);
  const namesIn = (text: string) => [...text.matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name = '']) => name);
  const wanted = new Set(namesIn(example.replaceAll(/^ *#.*$/gm, '')));

  it('starts bot and worker from one image, each with a file that the build makes', () => {
    const commands = ours.map(([name, { image: tag, command }]) => [name, tag, sourceOf(command ?? [])]);

    expect(commands).toEqual([
      ['bot', 'heapdump-bot', 'src/bot/main.ts'],
      ['worker', 'heapdump-bot', 'src/worker/main.ts'],
    ]);
    expect(commands.filter(([, , source = '']) => !existsSync(join(projectDir, source)))).toEqual([]);
    expect(ours.every(([, service]) => service.build === '.' && service.read_only === true)).toBe(true);
  });

  it('gives the bot and the worker together each variable that heapdump.example.yaml takes', () => {
    const given = new Set(ours.flatMap(([, { environment = {} }]) => Object.keys(environment)));

    expect([...wanted].filter((name) => !given.has(name))).toEqual([]);
  });

  it('gives none that nothing reads', () => {
    const readBySource = new Set(
      projectFiles()
        .filter((path) => /^src\/(?!demo\/).*\.ts$/.test(path))
        .flatMap((path) => [...readProject(path).matchAll(/\b(?:env|environment)\.([A-Z_]+)/g)])
        .map(([, name]) => name),
    );
    const given = ours.flatMap(([, { environment = {} }]) => Object.keys(environment));

    expect(given.filter((name) => !wanted.has(name) && !readBySource.has(name))).toEqual([]);
  });

  it('asks each process for its health where it was told to listen', () => {
    for (const [, { command, healthcheck }] of ours) {
      const port = command?.[command.indexOf('--health-port') + 1];

      expect(port).toMatch(/^\d+$/);
      expect(healthcheck?.test.join(' ')).toContain(`http://127.0.0.1:${port}/readyz`);
      expect(healthcheck?.test.slice(0, 3)).toEqual(['CMD', 'node', '-e']);
    }
  });

  it('takes secrets from the environment, and does not start without them', () => {
    const values = ours.flatMap(([, { environment = {} }]) => Object.entries(environment));
    const secrets = values.filter(([name]) => /TOKEN|SECRET|KEY/.test(name));

    expect(secrets.length).toBeGreaterThan(0);
    expect(secrets.filter(([name, value]) => value !== `\${${name}:?}`)).toEqual([]);
  });

  it('keeps chat and link secrets from the worker, and upload secrets from the bot', () => {
    const names = Object.fromEntries(
      ours.map(([name, { environment = {} }]) => [name, Object.keys(environment)]),
    );

    expect(names.worker?.filter((name) => /^SLACK_|^DINGTALK_|DOWNLOAD/.test(name))).toEqual([]);
    expect(names.bot?.filter((name) => /UPLOAD|CLUSTER/.test(name))).toEqual([]);
  });

  it('mounts the config where the processes are told to look for it, read-only', () => {
    for (const [, { environment = {}, volumes = [] }] of ours) {
      const mounts = volumes.filter((volume) => typeof volume !== 'string');
      const config = mounts.find(({ target }) => target === environment.HEAPDUMP_CONFIG);

      expect(config).toMatchObject({ type: 'bind', source: './heapdump.yaml', read_only: true });
      expect(mounts.every(({ read_only }) => read_only === true)).toBe(true);
    }
    expect(readProject('.gitignore').split('\n')).toEqual(expect.arrayContaining(['heapdump.yaml', '/.env']));
  });

  it('names a cluster of the example to the worker', () => {
    const { clusters } = parse(example) as { clusters: { name: string }[] };

    expect(clusters.map(({ name }) => name)).toContain(
      compose.services.worker?.environment?.HEAPDUMP_CLUSTER,
    );
  });

  it('runs a Redis that writes all down, evicts nothing, and is up before the others start', () => {
    const { redis } = compose.services;
    const settings = redis?.command?.join(' ') ?? '';

    expect(settings).toMatch(/^redis-server .*--appendonly yes/);
    expect(settings).toContain('--maxmemory-policy noeviction');
    expect(redis?.volumes).toEqual(['redis:/data']);
    expect(Object.keys(compose.volumes)).toEqual(['redis']);
    expect(redis?.healthcheck?.test.join(' ')).toContain('redis-cli ping');
    for (const [, service] of ours) {
      expect(service.depends_on).toEqual({ redis: { condition: 'service_healthy' } });
      expect(service.environment?.REDIS_URL).toBe('redis://redis:6379');
    }
  });
});
