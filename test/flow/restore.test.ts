import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DumpRequest } from '../../src/bot/dump-request.ts';
import type { Person, StoredMessage } from '../../src/demo/slack/slack-workspace.ts';
import { type Manifest, readManifest, writeManifest } from '../../src/worker/manifest.ts';
import { ossFromConfig } from '../../src/worker/store/oss-from-config.ts';
import { startWorld, type World } from '../world.ts';
import { answerTo, ask, auditOf, privately, readyOf, resultOf, shown } from './conversation.ts';

const projectDir = fileURLToPath(new URL('../..', import.meta.url));

/** `npm run restore`, on the source. */
async function restore(world: World, ...args: string[]): Promise<{ code: number | null; lines: string[] }> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'src/restore.ts', '--config', join(world.workDir, 'heapdump.yaml'), ...args],
    { cwd: projectDir, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  const [out, err, code] = await Promise.all([buffer(child.stdout), buffer(child.stderr), ended]);
  return { code, lines: `${out}${err}`.split('\n').filter((line) => line !== '') };
}

async function forgetEverything(world: World): Promise<void> {
  const redis = new Redis(world.redis.url);
  await redis.flushall();
  redis.disconnect();
}

const manifestKey = ({ outcome }: DumpRequest): string =>
  outcome?.outcome === 'completed' ? `${outcome.objectKey}.json` : '';

describe('what is known of a dump is in the bucket too', () => {
  let world: World;
  let dan: Person;
  let request: DumpRequest;
  let result: StoredMessage;
  let text: string;

  beforeAll(async () => {
    world = await startWorld({
      heapMb: 8,
      config({ slack, cast, reviewers }) {
        dan = slack.addPerson({ name: 'Dan (developer)' });
        return {
          rules: [
            {
              name: 'orders',
              namespaces: ['prod'],
              request: [`slack:${cast.developer.id}`],
              review: { by: [`slack:group:${reviewers.id}`] },
            },
          ],
        };
      },
    });
    const asked = await ask(world, `${world.target} --reason "memory grows"`);
    await world.press('Approve', asked.card, world.cast.reviewer);
    result = await readyOf(world, asked.id);
    request = await world.waitForRequest(({ closed }) => closed);
    text = await readFile(world.oss.objectPath(manifestKey(request)) ?? '', 'utf8');
  });
  afterAll(() => world?.stop());

  it('its manifest says who asked, who approved, what was dumped and what was proved, as the record does', () => {
    const read = readManifest(text, manifestKey(request), world.config.store.manifestKeys, Date.now());

    expect(read).toMatchObject({
      kind: 'manifest',
      trust: 'signed',
      manifest: {
        request: {
          id: request.id,
          requestedBy: request.requester,
          requestedAt: new Date(request.createdAt).toISOString(),
          reason: 'memory grows',
          rule: 'orders',
          approvalsNeeded: 1,
          approvals: request.approvals.map(({ by, at }) => ({ by, at: new Date(at).toISOString() })),
        },
        target: request.target,
        podUid: request.preflight?.podUid,
        jvm: request.preflight?.jvm,
        outcome: request.outcome,
      },
    });
  });

  it('there is no address and no secret in it', () => {
    const { uploadCredentials, downloadCredentials, manifestKeys } = world.config.store;

    expect(text).not.toMatch(/https?:|Signature=/);
    for (const secret of [uploadCredentials, downloadCredentials, manifestKeys].flatMap((each) =>
      Object.values(each ?? {}),
    ))
      expect(text).not.toContain(String(secret));
  });

  describe('a Redis that has forgotten everything', () => {
    let before: { messages: number; lines: string[] };
    const messages = () => world.slack.messages(world.cast.channel).length;

    beforeAll(async () => {
      await forgetEverything(world);
      before = { messages: messages(), lines: [] };
    });

    it('is left alone by a dry run, which says what would be done', async () => {
      const { code, lines } = await restore(world, '--dry-run');

      expect(code).toBe(0);
      expect(lines[0]).toMatch(new RegExp(`^would restore +${request.id} +demo/${world.target} `));
      expect(lines.at(-1)).toBe('would restore 1, already there 0, skipped 0, without a manifest 0');
      expect(await world.requests.newest(10)).toEqual([]);
    });

    it('is filled again by one command, and by a second one no more', async () => {
      const first = await restore(world);
      const second = await restore(world);

      expect(first).toMatchObject({ code: 0 });
      expect(first.lines[0]).toMatch(new RegExp(`^restored +${request.id} +demo/${world.target} `));
      expect(second).toMatchObject({ code: 0 });
      expect(second.lines[0]).toMatch(new RegExp(`^already there +${request.id} `));
    });

    it('has the same request as before, of which nothing more is to be said', async () => {
      const restored = await world.requests.get(request.id);

      expect(restored).toMatchObject({
        state: 'completed',
        closed: true,
        createdAt: request.createdAt,
        requester: request.requester,
        approvals: request.approvals,
        reason: request.reason,
        rule: request.rule,
        target: request.target,
        outcome: request.outcome,
        restored: { signed: true },
      });
      expect(await world.requests.openIds()).toEqual([]);
      expect(await auditOf(world, request.id)).toEqual(['restored bot']);
    });

    it('lets the list, the status and New link work, for the same people', async () => {
      const { developer } = world.cast;
      const list = await privately(world, developer, () => world.type('list'));
      expect(shown(list)).toContain(request.id);
      expect(await answerTo(world, `status ${request.id}`)).toContain('completed');

      const link = await privately(world, developer, () =>
        world.slack.click(developer, list, ({ text: label }) => label.startsWith('New link')),
      );
      expect((await fetch(String(link.links[0]))).status).toBe(200);
      expect(await answerTo(world, 'list', dan)).toContain('No heap dumps yet.');
    });

    it('had nothing said in the channel', () => {
      expect(messages()).toBe(before.messages);
    });
  });

  describe('a manifest that somebody else wrote', () => {
    const forged = (change: Partial<Manifest['request']>): string => {
      const { signature: _, ...manifest } = JSON.parse(text) as Manifest & { signature: unknown };
      return writeManifest({ ...manifest, request: { ...manifest.request, ...change } }, []);
    };
    const lay = async (content: string): Promise<void> => {
      const { signal } = new AbortController();
      const manifest = {
        objectKey: manifestKey(request),
        body: Buffer.from(content),
        contentType: 'text/plain',
      };
      await ossFromConfig(world.config, Date.now).put(manifest, signal);
      await forgetEverything(world);
    };

    it('is skipped and named where it was changed under its signature', async () => {
      await lay(text.replace(request.requester, `slack:${dan.id}`));

      const { code, lines } = await restore(world);

      expect(code).toBe(2);
      expect(lines[0]).toMatch(/^skipped .*\.hprof\.json: was changed after it was signed$/);
      expect(await world.requests.newest(10)).toEqual([]);
    });

    it('makes nobody a requester where it is not signed: only those whom the rule names get a link', async () => {
      await lay(
        forged({
          requestedBy: `slack:${dan.id}`,
          approvals: [{ by: `slack:${dan.id}`, at: new Date().toISOString() }],
        }),
      );

      const { code, lines } = await restore(world);
      expect(code).toBe(0);
      expect(lines[0]).toContain('not signed');

      // The alleged requester does not even see it.
      expect(await answerTo(world, 'list', dan)).toContain('No heap dumps yet.');
      expect(await answerTo(world, `status ${request.id}`, dan)).toContain('There is no request');
      // The button in the thread is there for everybody to press.
      const alleged = await privately(world, dan, () => world.press('New link', result, dan));
      expect(shown(alleged)).toContain('You may not download this dump.');
      const { developer, reviewer } = world.cast;
      const asDeveloper = await privately(world, developer, () => world.type('list'));
      expect(shown(asDeveloper)).toContain('restored, unsigned');
      const refused = await privately(world, developer, () =>
        world.slack.click(developer, asDeveloper, ({ text: label }) => label.startsWith('New link')),
      );
      expect(shown(refused)).toContain('You may not download this dump.');
      const asReviewer = await privately(world, reviewer, () => world.type('list', reviewer));
      const link = await privately(world, reviewer, () =>
        world.slack.click(reviewer, asReviewer, ({ text: label }) => label.startsWith('New link')),
      );
      expect((await fetch(String(link.links[0]))).status).toBe(200);
    });
  });
});

describe('a dump whose manifest cannot be written', () => {
  let world: World;
  afterAll(() => world?.stop());

  it('is a dump all the same, and its thread says what is missing', async () => {
    world = await startWorld({ heapMb: 8 });
    world.oss.faults.next(
      { kind: 'status', status: 403, code: 'AccessDenied' },
      ({ operation }) => operation === 'PutObject',
      5,
    );
    const { id, card } = await ask(world);
    await world.press('Approve', card, world.cast.reviewer);
    const result = await resultOf(world, id);

    expect(shown(result)).toContain('is ready');
    expect(shown(result)).toContain('its manifest could not be stored beside it');
    expect(result.links).toHaveLength(1);
    expect(world.logLines.some((line) => line.includes('manifest could not be written'))).toBe(true);
  });
});
