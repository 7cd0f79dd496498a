/** What Slack sends of people in modals and on Home tabs: https://docs.slack.dev/reference/interaction-payloads */
import type { JsonObject } from './block.ts';
import type { Directory, Person } from './directory.ts';
import type { Field } from './entries.ts';
import { VERIFICATION_TOKEN } from './payloads.ts';

export function viewPayload(
  directory: Directory,
  person: Person,
  view: JsonObject,
  kind: { readonly type: 'view_submission'; readonly triggerId: string } | { readonly type: 'view_closed' },
): JsonObject {
  return {
    type: kind.type,
    team: { id: directory.teamId, domain: directory.teamDomain },
    ...common(directory, person),
    view,
    ...(kind.type === 'view_submission'
      ? { trigger_id: kind.triggerId, response_urls: [] }
      : { is_cleared: false }),
  };
}

/** There is neither channel nor response_url in it. */
export function viewActionPayload(
  directory: Directory,
  person: Person,
  view: JsonObject,
  act: { readonly triggerId: string; readonly action: JsonObject },
): JsonObject {
  return {
    type: 'block_actions',
    ...common(directory, person),
    container: { type: 'view', view_id: view.id },
    trigger_id: act.triggerId,
    team: { id: directory.teamId, domain: directory.teamDomain },
    view,
    actions: [act.action],
  };
}

export function suggestionPayload(
  directory: Directory,
  person: Person,
  view: JsonObject,
  field: Field,
  query: string,
): JsonObject {
  return {
    type: 'block_suggestion',
    ...common(directory, person),
    container: { type: 'view', view_id: view.id },
    action_id: field.actionId,
    block_id: field.blockId,
    value: query,
    team: { id: directory.teamId, domain: directory.teamDomain },
    view: { ...view, state: { values: {} } },
  };
}

const common = (directory: Directory, person: Person): JsonObject => ({
  user: { id: person.id, username: person.name, name: person.name, team_id: person.teamId },
  api_app_id: directory.appId,
  token: VERIFICATION_TOKEN,
  enterprise: null,
  is_enterprise_install: false,
});
