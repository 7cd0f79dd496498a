/** Slack's payloads, by Bolt: each acknowledged first and once, then handed to the reception. */
import { App, type Receiver } from '@slack/bolt';
import { FORM_ID } from './ask-form.ts';
import type { Identity } from './identity.ts';
import type { Reception } from './reception.ts';
import { boltLogger, type SlackLog } from './slack-log.ts';
import { clientOptions } from './web-calls.ts';

export function createBoltApp(options: {
  readonly receiver: Receiver;
  readonly identity: Identity;
  readonly botToken: string;
  readonly apiUrl: string | undefined;
  readonly command: string;
  readonly reception: Reception;
  readonly log: SlackLog;
}): App {
  const { receiver, identity, botToken, reception, log, command: ours } = options;
  const app = new App({
    receiver,
    // Known already: asking Slack who we are for each payload would come before its acknowledgement.
    authorize: async () => ({ botToken, botId: identity.botId, botUserId: identity.botUserId }),
    convoStore: false,
    logger: boltLogger(log),
    clientOptions: clientOptions(options.apiUrl, log),
  });

  // Slack waits three seconds, and tells the person of a failure after that. Where the acknowledgement cannot be sent
  // nothing is done either: an event comes again, and a person who is told that it failed does it again.
  app.use(async (args) => {
    if ('ack' in args && typeof args.ack === 'function') await (args.ack as () => Promise<void>)();
    await args.next();
  });

  app.command(/^/, async ({ command }) => {
    if (command.command === ours) await reception.command(command);
    else log.warn({ command: command.command }, 'a command that is not this bot’s');
  });
  app.event('app_mention', async ({ event, body }) => {
    await reception.mention(body.event_id, event);
  });
  app.action({ type: 'block_actions' }, async ({ body }) => {
    if (body.type === 'block_actions') await reception.click(body);
  });
  app.view(FORM_ID, async ({ body }) => {
    if (body.type === 'view_submission') await reception.submission(body);
  });
  app.error(async (err) => {
    log.warn({ err }, 'a payload of Slack was not handled');
  });
  return app;
}
