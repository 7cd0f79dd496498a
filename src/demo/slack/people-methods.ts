/** Who is who: auth.test, users.info, usergroups.users.list. */
import type { Arguments } from './arguments.ts';
import type { JsonObject } from './block.ts';
import type { Desk } from './desk.ts';
import { BOT_NAME, type Person } from './directory.ts';
import { Refusal } from './refusal.ts';

export function authTest(_args: Arguments, desk: Desk): JsonObject {
  const { directory } = desk;
  return {
    url: `https://${directory.teamDomain}.slack.com/`,
    team: 'Demo Team',
    user: BOT_NAME,
    team_id: directory.teamId,
    user_id: directory.botUserId,
    bot_id: directory.botId,
    is_enterprise_install: false,
  };
}

export function userInfo(args: Arguments, desk: Desk): JsonObject {
  if (args.text('user') === desk.directory.botUserId) return { user: wireBot(desk) };
  const person = desk.directory.person(args.text('user'));
  return { user: wirePerson(person, args.flag('include_locale') === true) };
}

export function groupMembers(args: Arguments, desk: Desk): JsonObject {
  if (desk.plan === 'free') throw new Refusal('plan_upgrade_required');
  const group = desk.directory.groups.get(args.text('usergroup') ?? '');
  if (group === undefined) throw new Refusal('no_such_subteam');
  return { users: group.disabled && args.flag('include_disabled') !== true ? [] : [...group.people] };
}

function wirePerson(person: Person, withLocale: boolean): JsonObject {
  const common = {
    id: person.id,
    team_id: person.teamId,
    name: person.name,
    deleted: person.deleted,
    is_bot: person.isBot,
    is_app_user: false,
    updated: 0,
    profile: { real_name: person.name, display_name: person.name, team: person.teamId },
    ...(person.isStranger ? { is_stranger: true } : {}),
  };
  // Of a deactivated account Slack tells little.
  if (person.deleted) return common;
  return {
    ...common,
    real_name: person.name,
    tz: person.timeZone,
    tz_label: person.timeZone,
    tz_offset: 0,
    is_admin: false,
    is_owner: false,
    is_primary_owner: false,
    is_restricted: person.isRestricted,
    is_ultra_restricted: person.isUltraRestricted,
    ...(withLocale ? { locale: person.locale } : {}),
  };
}

function wireBot(desk: Desk): JsonObject {
  const { directory } = desk;
  return {
    id: directory.botUserId,
    team_id: directory.teamId,
    name: BOT_NAME,
    deleted: false,
    is_bot: true,
    is_app_user: false,
    profile: { real_name: BOT_NAME, api_app_id: directory.appId, bot_id: directory.botId },
  };
}
