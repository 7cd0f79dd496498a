/** What Slack sends when people do something: https://docs.slack.dev/interactivity and the Events API. */
import type { JsonObject, PlacedButton } from './block.ts';
import type { Channel, Directory, Person } from './directory.ts';
import type { MessageLog, StoredMessage } from './message-log.ts';
import { wireParent } from './wire-message.ts';

// The token that Slack sends in each payload; superseded by signatures, still there.
export const VERIFICATION_TOKEN = 'verification-token';

export function slashPayload(
  directory: Directory,
  person: Person,
  channel: Channel,
  typed: {
    readonly command: string;
    readonly text: string;
    readonly responseUrl: string;
    readonly triggerId: string;
  },
): JsonObject {
  return {
    token: VERIFICATION_TOKEN,
    team_id: directory.teamId,
    team_domain: directory.teamDomain,
    channel_id: channel.id,
    // Private channels do not give their names away.
    channel_name: channel.kind === 'private' ? 'privategroup' : channel.name,
    user_id: person.id,
    user_name: person.name,
    command: typed.command,
    text: typed.text,
    api_app_id: directory.appId,
    is_enterprise_install: 'false',
    response_url: typed.responseUrl,
    trigger_id: typed.triggerId,
  };
}

export function clickPayload(
  directory: Directory,
  messages: MessageLog,
  click: {
    readonly person: Person;
    readonly channel: Channel;
    readonly message: StoredMessage;
    readonly button: PlacedButton;
    readonly responseUrl: string;
    readonly triggerId: string;
    readonly actionTs: string;
  },
): JsonObject {
  const { person, channel, message, button } = click;
  const ephemeral = message.ephemeralTo !== undefined;
  return {
    type: 'block_actions',
    user: { id: person.id, username: person.name, name: person.name, team_id: person.teamId },
    api_app_id: directory.appId,
    token: VERIFICATION_TOKEN,
    container: {
      type: 'message',
      message_ts: message.ts,
      channel_id: channel.id,
      is_ephemeral: ephemeral,
      ...(message.threadTs === undefined ? {} : { thread_ts: message.threadTs }),
    },
    trigger_id: click.triggerId,
    team: { id: directory.teamId, domain: directory.teamDomain },
    enterprise: null,
    is_enterprise_install: false,
    channel: { id: channel.id, name: channel.kind === 'private' ? 'privategroup' : channel.name },
    ...(ephemeral ? {} : { message: wireParent(message, directory, messages, {}) }),
    state: { values: {} },
    response_url: click.responseUrl,
    actions: [
      {
        action_id: button.actionId,
        block_id: button.blockId,
        text: button.element.text,
        ...(button.value === undefined ? {} : { value: button.value }),
        ...(button.url === undefined ? {} : { url: button.url }),
        ...(button.style === undefined ? {} : { style: button.style }),
        ...(button.element.confirm === undefined ? {} : { confirm: button.element.confirm }),
        type: 'button',
        action_ts: click.actionTs,
      },
    ],
  };
}

export function eventPayload(
  directory: Directory,
  event: JsonObject,
  atMs: number,
  shared: boolean,
): JsonObject {
  return {
    token: VERIFICATION_TOKEN,
    team_id: directory.teamId,
    api_app_id: directory.appId,
    event,
    type: 'event_callback',
    event_id: directory.newId('Ev01'),
    event_time: Math.floor(atMs / 1000),
    authorizations: [
      {
        enterprise_id: null,
        team_id: directory.teamId,
        user_id: directory.botUserId,
        is_bot: true,
        is_enterprise_install: false,
      },
    ],
    is_ext_shared_channel: shared,
    event_context: `4-${directory.newId('ec')}`,
  };
}
