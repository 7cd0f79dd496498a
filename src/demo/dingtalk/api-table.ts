/** The interfaces that the stand-in knows. */
import { createAndDeliver, updateCard } from './card-methods.ts';
import * as contacts from './contact-methods.ts';
import type { Desk } from './desk.ts';
import type { JsonObject } from './json.ts';
import * as robot from './robot-methods.ts';

export interface Interface {
  /** The permission that the app needs for it, as the developer console names it. */
  readonly permission: string;
  /** @returns the answer; @throws ApiRefusal for the new API, ErrcodeRefusal for the old one */
  readonly run: (body: JsonObject, desk: Desk) => JsonObject;
}

export const PERMISSIONS = {
  sendMessages: 'qyapi_robot_sendmsg',
  writeCards: 'Card.Instance.Write',
  readMembers: 'qyapi_get_member',
  readDepartments: 'qyapi_get_department_member',
  readGroups: 'qyapi_chat_read',
} as const;

const { sendMessages, writeCards, readMembers, readDepartments, readGroups } = PERMISSIONS;

/** With the token in a header. */
export const NEW_API: ReadonlyMap<string, Interface> = new Map<string, Interface>([
  ['POST /v1.0/robot/groupMessages/send', { permission: sendMessages, run: robot.sendToGroup }],
  ['POST /v1.0/robot/oToMessages/batchSend', { permission: sendMessages, run: robot.sendToPeople }],
  ['POST /v1.0/robot/groupMessages/recall', { permission: sendMessages, run: robot.recallInGroup }],
  ['POST /v1.0/robot/otoMessages/batchRecall', { permission: sendMessages, run: robot.recallFromPeople }],
  ['POST /v1.0/card/instances/createAndDeliver', { permission: writeCards, run: createAndDeliver }],
  ['PUT /v1.0/card/instances', { permission: writeCards, run: updateCard }],
  ['POST /v1.0/im/sceneGroups/members/batchQuery', { permission: readGroups, run: contacts.groupMembers }],
]);

/** With the token in the query. */
export const OLD_API: ReadonlyMap<string, Interface> = new Map<string, Interface>([
  ['POST /topapi/v2/user/get', { permission: readMembers, run: contacts.userDetails }],
  ['POST /topapi/role/simplelist', { permission: readDepartments, run: contacts.roleMembers }],
  ['POST /topapi/role/list', { permission: readDepartments, run: contacts.roleList }],
]);
