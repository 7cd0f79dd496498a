/** What the bot's token needs in Slack. deploy/slack-manifest.yaml asks for exactly these; a test compares them. */

export const NEEDED_SCOPES: readonly string[] = [
  'app_mentions:read',
  'chat:write',
  'commands',
  'usergroups:read',
  'users:read',
];

/** The bot looks for its own message where Slack's answer to it was lost; without them it may say something twice. */
export const HISTORY_SCOPES: readonly string[] = ['channels:history', 'groups:history', 'im:history'];
