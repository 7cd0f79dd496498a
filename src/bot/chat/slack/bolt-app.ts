/** Slack's payloads, by Bolt: each acknowledged first and once, then handed to the reception. */
import { App, type Receiver } from '@slack/bolt';
import { FORM_ID } from './ask-form.ts';
import { FORM_ACTION, FORM_VIEW_ID } from './form-view.ts';
import type { Forms } from './forms.ts';
import { HOME_ASK_ID, type HomeTab } from './home-tab.ts';
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
  readonly forms: Forms;
  readonly homeTab: HomeTab;
  readonly log: SlackLog;
}): App {
  const { receiver, identity, botToken, reception, forms, homeTab, log, command: ours } = options;
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
    if ('ack' in args && typeof args.ack === 'function' && !answersByAck(args.body))
      await (args.ack as () => Promise<void>)();
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
    if (body.type !== 'block_actions') return;
    if (body.view?.callback_id === FORM_VIEW_ID) await forms.change(body);
    else if (body.view?.type === 'home') await homeTab.click(body);
    else await reception.click(body);
  });
  app.event('app_home_opened', async ({ event }) => {
    if (event.tab === 'home') await homeTab.opened(event.user);
  });
  app.view(HOME_ASK_ID, async ({ body }) => {
    if (body.type === 'view_submission') await homeTab.submission(body);
  });
  app.view(FORM_ID, async ({ body }) => {
    if (body.type === 'view_submission') await reception.submission(body);
  });
  app.view(FORM_VIEW_ID, async ({ ack, body }) => {
    if (body.type === 'view_submission')
      await forms.submit(body, (errors) => (errors === undefined ? ack() : ack(errors)));
  });
  app.options(FORM_ACTION, async ({ ack, body }) => {
    await forms.suggest(body, (options) => ack({ options }));
  });
  app.error(async (err) => {
    log.warn({ err }, 'a payload of Slack was not handled');
  });
  return app;
}

/** What is done in a form is answered in the acknowledgement itself. */
const answersByAck = (body: object): boolean => {
  if (!('type' in body)) return false;
  if (body.type === 'block_suggestion') return true;
  return body.type === 'view_submission' && callbackIdOf(body) === FORM_VIEW_ID;
};

const callbackIdOf = (body: object): unknown =>
  'view' in body && typeof body.view === 'object' && body.view !== null && 'callback_id' in body.view
    ? body.view.callback_id
    : undefined;
