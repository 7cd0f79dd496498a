import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Arguments } from '../../src/demo/slack/arguments.ts';
import { type Desk, SLACK_LIMITS } from '../../src/demo/slack/desk.ts';
import { Directory } from '../../src/demo/slack/directory.ts';
import { LinkFetcher } from '../../src/demo/slack/link-fetcher.ts';
import { MessageLog } from '../../src/demo/slack/message-log.ts';
import { methodTable } from '../../src/demo/slack/method-table.ts';
import { TriggerIds } from '../../src/demo/slack/trigger-ids.ts';
import { Views } from '../../src/demo/slack/views.ts';
import { HISTORY_SCOPES, NEEDED_SCOPES } from '../../src/doctor/slack-scopes.ts';
import { startSlackWorld } from '../bot/slack-world.ts';
import { chatPlatformContract } from '../contract/chat-platform.ts';
import { projectFiles, readProject } from './project-files.ts';

interface Manifest {
  readonly display_information: { readonly name: string; readonly description: string };
  readonly features: {
    readonly app_home: Readonly<Record<string, boolean>>;
    readonly bot_user: { readonly display_name: string };
    readonly slash_commands: readonly Readonly<Record<string, string | boolean>>[];
  };
  readonly oauth_config: { readonly scopes: Readonly<Record<string, readonly string[]>> };
  readonly settings: {
    readonly event_subscriptions: { readonly bot_events: readonly string[] };
    readonly interactivity: { readonly is_enabled: boolean };
    readonly socket_mode_enabled: boolean;
  };
}

const manifest: Manifest = parse(readProject('deploy/slack-manifest.yaml'));
const code = projectFiles()
  .filter((path) => /^src\/bot\/chat\/slack\/.*\.ts$/.test(path))
  .map(readProject)
  .join('\n');
const asked = [...(manifest.oauth_config.scopes.bot ?? [])].sort();

/** Each method of the Web API that the code names. */
const METHOD =
  /'((?:api|apps|auth|bots|chat|conversations|files|reactions|team|usergroups|users|views)\.[A-Za-z.]+)'/g;
const methods = [...new Set([...code.matchAll(METHOD)].map(([, name = '']) => name))].sort();
const events = [...new Set([...code.matchAll(/\bapp\.event\('(\w+)'/g)].map(([, name = '']) => name))].sort();

describe('deploy/slack-manifest.yaml', () => {
  it('asks for exactly the scopes that the bot’s calls, its command and its events take', () => {
    const table = methodTable(() => '');
    const { desk, channels } = deskWithChannels();
    const taken = methods.flatMap((name) => {
      const method = table.get(name);
      expect(method, `the stand-in knows ${name}`).toBeDefined();
      const { scope } = method ?? {};
      // Where the scope depends on the kind of channel: all kinds that the bot may be in.
      return scope === undefined ? [] : channels.map((channel) => scope(new Arguments({ channel }), desk));
    });
    const byEvents = events.includes('app_mention') ? ['app_mentions:read'] : [];
    const byCommand = code.includes('app.command(') ? ['commands'] : [];

    expect(methods).toContain('chat.postMessage');
    expect(asked).toEqual([...new Set([...taken, ...byEvents, ...byCommand])].sort());
    expect(Object.keys(manifest.oauth_config.scopes)).toEqual(['bot']);
  });

  it('asks for the scopes that the doctor looks for', () => {
    expect(asked).toEqual([...NEEDED_SCOPES, ...HISTORY_SCOPES].sort());
  });

  it('subscribes to exactly the events that the bot listens to', () => {
    expect(events).toContain('app_mention');
    expect([...manifest.settings.event_subscriptions.bot_events].sort()).toEqual(events);
  });

  it('has the one command, its tabs, buttons and forms, and Socket Mode', () => {
    const [command, ...others] = manifest.features.slash_commands;

    expect(others).toEqual([]);
    expect(command).toMatchObject({ command: '/heapdump', should_escape: false });
    expect(command).not.toHaveProperty('url');
    expect(manifest.settings.interactivity.is_enabled).toBe(true);
    expect(manifest.settings.socket_mode_enabled).toBe(true);
    expect(manifest.features.app_home.home_tab_enabled).toBe(code.includes("'app_home_opened'"));
    expect(manifest.features.app_home.messages_tab_enabled).toBe(true);
  });

  it('keeps to the lengths that Slack takes', () => {
    expect(manifest.display_information.name.length).toBeLessThanOrEqual(35);
    expect(manifest.display_information.description.length).toBeLessThanOrEqual(140);
    expect(manifest.features.bot_user.display_name).toMatch(/^[a-z0-9._-]{1,80}$/);
    expect(String(manifest.features.slash_commands[0]?.description).length).toBeLessThanOrEqual(2000);
    expect(String(manifest.features.slash_commands[0]?.usage_hint).length).toBeLessThanOrEqual(1000);
  });
});

/** A desk with a channel of each kind that a bot can be in. */
function deskWithChannels(): { desk: Desk; channels: string[] } {
  const directory = new Directory();
  const desk = {
    now: Date.now,
    limits: SLACK_LIMITS,
    directory,
    messages: new MessageLog(Date.now),
    views: new Views(directory),
    triggers: new TriggerIds(Date.now, SLACK_LIMITS.triggerMs),
    links: new LinkFetcher(false),
    scopes: new Set<string>(),
    plan: 'paid' as const,
  };
  const person = directory.addPerson({ name: 'Ann' });
  const channels = [
    directory.addChannel('open'),
    directory.addChannel('closed', { kind: 'private' }),
    directory.directChannel(person.id),
  ];
  return { desk, channels: channels.map(({ id }) => id) };
}

chatPlatformContract({
  name: 'Slack, with no scope but the manifest’s',
  start: () => startSlackWorld('socket', { scopes: asked }),
});
