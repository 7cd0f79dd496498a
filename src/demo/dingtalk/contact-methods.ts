/** Who people are, as far as an app may know. DingTalk tells no app which language somebody reads. */
import type { Desk } from './desk.ts';
import type { Person } from './directory.ts';
import { type JsonObject, textOf } from './json.ts';
import { ApiRefusal, ErrcodeRefusal } from './refusal.ts';

/** https://open.dingtalk.com/document/orgapp/query-user-details */
export function userDetails(body: JsonObject, { directory }: Desk): JsonObject {
  const id = textOf(body.userid);
  if (id === undefined) throw new ErrcodeRefusal(40035, '不合法的参数', { sub_msg: 'userid' });
  const person = directory.staff(id);
  if (person === undefined) throw new ErrcodeRefusal(60121, '找不到该用户');
  return {
    result: {
      userid: person.id,
      unionid: person.unionId,
      name: person.name,
      avatar: '',
      active: person.isActive,
      admin: person.isAdmin,
      boss: false,
      senior: false,
      hide_mobile: false,
      real_authed: true,
      exclusive_account: false,
      dept_id_list: [1],
      role_list: [...directory.roles.values()]
        .filter(({ members }) => members.has(person.id))
        .map(({ id: role, name }) => ({ id: role, name, group_name: '职务' })),
    },
  };
}

const MAX_PAGE = 100;

/** https://open.dingtalk.com/document/orgapp/obtain-the-list-of-employees-of-a-role */
export function roleMembers(body: JsonObject, { directory }: Desk): JsonObject {
  const role = directory.roles.get(Number(body.role_id));
  if (role === undefined) throw new ErrcodeRefusal(60020, '角色不存在');
  // The page's size counts together with its offset only.
  const paged = body.size !== undefined && body.offset !== undefined;
  const size = paged ? Number(body.size) : 20;
  const offset = paged ? Number(body.offset) : 0;
  if (!(size >= 1 && size <= MAX_PAGE && offset >= 0)) throw new ErrcodeRefusal(40035, '不合法的参数');
  const people = [...role.members].map((id) => directory.staff(id)).filter((each) => each !== undefined);
  const list = people.slice(offset, offset + size).map(({ id, name }) => ({ userid: id, name }));
  const hasMore = offset + size < people.length;
  return { result: { list, hasMore, ...(hasMore ? { nextCursor: offset + size } : {}) } };
}

/** https://open.dingtalk.com/document/orgapp/obtains-a-list-of-enterprise-roles */
export function roleList(_body: JsonObject, { directory }: Desk): JsonObject {
  const roles = [...directory.roles.values()].map(({ id, name }) => ({ id, name }));
  return { result: { hasMore: false, list: [{ groupId: 1_507_113_577, name: '职务', roles }] } };
}

const MAX_MEMBERS = 1000;

/**
 * POST /v1.0/im/sceneGroups/members/batchQuery: of groups made from a template, or with the app installed in them.
 * Of other groups nobody can list the members. https://open.dingtalk.com/document/orgapp/batch-query-group-members
 */
export function groupMembers(body: JsonObject, { directory }: Desk): JsonObject {
  const maxResults = Number(body.maxResults);
  if (!(maxResults >= 1 && maxResults <= MAX_MEMBERS)) throw new ApiRefusal('invalidParameter.maxResults');
  const group = directory.groupOfRobot(body.openConversationId);
  if (group === undefined)
    throw new ApiRefusal('invalidParameter.openConversationId', '无效的openConversationId');
  if (!group.listsMembers) throw new ApiRefusal('sceneGroupNotFound', '非场景群');
  const people = [...group.members]
    .map((id) => directory.people.get(id))
    .filter((each): each is Person => each !== undefined && !each.hasLeft);
  const from = Number(textOf(body.nextToken) ?? 0);
  const ids = people.filter(({ isGuest }) => !isGuest).map(({ id }) => id);
  const hasMore = from + maxResults < ids.length;
  return {
    success: true,
    memberUserIds: ids.slice(from, from + maxResults),
    memberUnionIds: people.filter(({ isGuest }) => isGuest).map(({ unionId }) => unionId),
    hasMore,
    ...(hasMore ? { nextToken: String(from + maxResults) } : {}),
  };
}
