/** A workspace with one channel, one person and the Web API client that Bolt brings; ended by the test. */
import { webApi } from '@slack/bolt';
import { afterEach } from 'vitest';
import { type SlackOptions, type SlackWorkspace, startSlack } from '../../src/demo/slack/slack-workspace.ts';

/** Whatever a test waits for may take so long on a slow machine. */
export const PATIENTLY = { timeout: 30_000 };

/** Call at the top of a `describe`. @returns how to start workspaces, and where to put what is to be ended */
export function slackForTests() {
  const ends: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const end of ends.splice(0).reverse()) await end();
  });
  async function workspace(options: SlackOptions = {}) {
    // Slack's three seconds are right for a bot and too short for a busy test machine.
    const patient = options.now === undefined ? { ackMs: 60_000, triggerMs: 60_000 } : {};
    const slack = await startSlack({ ...options, limits: { ...patient, ...options.limits } });
    ends.push(() => slack.stop());
    return {
      slack,
      ops: slack.addChannel('ops'),
      ann: slack.addPerson({ name: 'ann' }),
      bot: webClient(slack),
    };
  }
  return { workspace, ends };
}

export function webClient(slack: SlackWorkspace, options: webApi.WebClientOptions = {}): webApi.WebClient {
  return new webApi.WebClient(slack.botToken, {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 0 },
    logger: SILENT,
    ...options,
  });
}

const nothing = () => undefined;
const SILENT: webApi.Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  setLevel: nothing,
  getLevel: () => webApi.LogLevel.ERROR,
  setName: nothing,
};
