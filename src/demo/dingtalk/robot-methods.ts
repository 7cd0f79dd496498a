/** What an app's robot says of its own accord, and takes back. */
import { randomBytes } from 'node:crypto';
import type { Desk } from './desk.ts';
import { ROBOT_NAME } from './directory.ts';
import { type JsonObject, stringsOf, textOf } from './json.ts';
import { ApiRefusal } from './refusal.ts';
import { robotContent } from './robot-content.ts';

const MAX_USERS = 20;

/** https://open.dingtalk.com/document/orgapp/the-robot-sends-a-group-message */
export function sendToGroup(body: JsonObject, desk: Desk): JsonObject {
  checkRobot(body, desk);
  const content = robotContent(body.msgKey, body.msgParam, desk.limits.msgParamBytes);
  const group = groupOf(body, desk);
  if (!desk.budget.take(desk.directory.clientId)) {
    // That there is such a limit for the robots of apps as well is known; which code tells of it, DingTalk's pages do not say.
    throw new ApiRefusal('invalidParameter.send.tooFast', '发送速度太快而限流', 400);
  }
  const processQueryKey = newQueryKey();
  desk.log.post({ conversation: group, author: ROBOT_NAME, via: 'robot', content, processQueryKey });
  return { processQueryKey };
}

/** https://open.dingtalk.com/document/orgapp/chatbots-send-one-on-one-chat-messages-in-batches */
export function sendToPeople(body: JsonObject, desk: Desk): JsonObject {
  checkRobot(body, desk);
  const ids = [...new Set(stringsOf(body.userIds))];
  if (ids.length === 0) throw new ApiRefusal('invalidParameter.userIds.empty', '用户userId列表为空');
  if (ids.length > MAX_USERS)
    throw new ApiRefusal('invalidParameter.userIds.overMax', '用户userId列表超过最大限制');
  const content = robotContent(body.msgKey, body.msgParam, desk.limits.msgParamBytes);
  const processQueryKey = newQueryKey();
  const invalidStaffIdList: string[] = [];
  const flowControlledStaffIdList: string[] = [];
  for (const id of ids) {
    const person = desk.directory.staff(id);
    if (person === undefined) invalidStaffIdList.push(id);
    else if (!desk.budget.take(`${desk.directory.clientId}/${person.singleChat}`))
      flowControlledStaffIdList.push(id);
    else {
      const conversation = person.singleChat;
      desk.log.post({ conversation, author: ROBOT_NAME, via: 'robot', content, processQueryKey });
    }
  }
  if (invalidStaffIdList.length === ids.length) throw new ApiRefusal('staffId.notExisted', 'staffId不存在');
  return { processQueryKey, invalidStaffIdList, flowControlledStaffIdList };
}

/** https://open.dingtalk.com/document/orgapp/enterprise-chatbot-withdraws-internal-group-messages */
export function recallInGroup(body: JsonObject, desk: Desk): JsonObject {
  checkRobot(body, desk);
  return recall(body, desk, groupOf(body, desk));
}

/** https://open.dingtalk.com/document/orgapp/batch-message-recall-chat */
export function recallFromPeople(body: JsonObject, desk: Desk): JsonObject {
  checkRobot(body, desk);
  return recall(body, desk, undefined);
}

function recall(body: JsonObject, desk: Desk, conversation: string | undefined): JsonObject {
  const keys = stringsOf(body.processQueryKeys);
  if (keys.length === 0) {
    throw new ApiRefusal('invalidParameter.processQueryKeys.empty', '消息processQueryKey列表为空');
  }
  const successResult: string[] = [];
  const failedResult: Record<string, string> = {};
  for (const key of keys) {
    const sent = desk.log
      .all()
      .filter(
        (each) => each.processQueryKey === key && [undefined, each.conversation].includes(conversation),
      );
    if (sent.length === 0) failedResult[key] = '消息不存在';
    else successResult.push(key);
    for (const message of sent) desk.log.recall(message);
  }
  return { successResult, failedResult };
}

function checkRobot(body: JsonObject, desk: Desk): void {
  if (textOf(body.robotCode) === undefined)
    throw new ApiRefusal('invalidParameter.robotCode.empty', '机器人robotCode为空');
  if (body.robotCode !== desk.directory.clientId) throw new ApiRefusal('resource.not.found', 'robot 不存在');
}

function groupOf(body: JsonObject, desk: Desk): string {
  const group = desk.directory.groupOfRobot(body.openConversationId);
  if (group === undefined) throw new ApiRefusal('invalid.openConversationId', '无效的openConversationId');
  return group.id;
}

export function newQueryKey(): string {
  return randomBytes(24).toString('base64');
}
