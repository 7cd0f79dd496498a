/** Making, delivering and changing interactive cards. */

import type { Card, Params } from './card.ts';
import type { CardChange } from './cards.ts';
import type { Desk } from './desk.ts';
import { type Person, ROBOT_NAME } from './directory.ts';
import { isObject, type JsonObject, objectOf, stringsOf, textOf } from './json.ts';
import { ApiRefusal } from './refusal.ts';
import { newQueryKey } from './robot-methods.ts';

/** https://open.dingtalk.com/document/orgapp/create-and-deliver-cards */
export function createAndDeliver(body: JsonObject, desk: Desk): JsonObject {
  const spaces = spacesOf(body);
  const card = newCard(body, desk);
  desk.cards.add(card);
  const deliverResults = spaces.map((space) => deliver(space, card, body, desk));
  return { success: true, result: { outTrackId: card.outTrackId, deliverResults } };
}

/** PUT /v1.0/card/instances, https://open.dingtalk.com/document/orgapp/interactive-card-update-interface */
export function updateCard(body: JsonObject, desk: Desk): JsonObject {
  const card = existing(body, desk);
  const options = objectOf(body.cardUpdateOptions);
  desk.cards.change(card, {
    params: body.cardData === undefined ? undefined : paramsOf(body.cardData),
    privateParams: privateParamsOf(body.privateData, desk),
    byKey: options.updateCardDataByKey === true,
    privateByKey: options.updatePrivateDataByKey === true,
  });
  return { success: true, result: true };
}

/**
 * What the answer to a click asks for: https://open.dingtalk.com/document/orgapp/event-callback-card
 * @param data of the acknowledgement
 * @returns false where it is no such answer
 */
export function applyCallbackAnswer(data: unknown, card: Card, person: Person, desk: Desk): boolean {
  const answer = objectOf(data).response;
  if (answer === undefined || answer === null) return isObject(data);
  if (!isObject(answer)) return false;
  const options = objectOf(answer.cardUpdateOptions);
  try {
    const change: CardChange = {
      params: answer.cardData === undefined ? undefined : paramsOf(answer.cardData),
      privateParams:
        answer.userPrivateData === undefined ? {} : { [person.id]: paramsOf(answer.userPrivateData) },
      byKey: options.updateCardDataByKey === true,
      privateByKey: options.updatePrivateDataByKey === true,
    };
    if (change.params !== undefined || answer.userPrivateData !== undefined) desk.cards.change(card, change);
    return true;
  } catch (error) {
    if (error instanceof ApiRefusal) return false;
    throw error;
  }
}

function newCard(body: JsonObject, desk: Desk): Card {
  const templateId = textOf(body.cardTemplateId);
  if (templateId === undefined) throw new ApiRefusal('param.cardTemplateIdEmpty');
  const outTrackId = textOf(body.outTrackId);
  if (outTrackId === undefined) throw new ApiRefusal('param.outTrackIdEmpty');
  const template = desk.cards.template(templateId);
  if (template === undefined) throw new ApiRefusal('param.templateNotExist');
  if (template.isPublished === false) throw new ApiRefusal('param.templateUnpublished');
  if (desk.cards.find(outTrackId) !== undefined) throw new ApiRefusal('param.cardAlreadyExist');
  if (body.cardData === undefined) throw new ApiRefusal('param.cardPublicDataEmpty');
  const recipients = stringsOf(objectOf(body.imGroupOpenDeliverModel).recipients);
  return {
    outTrackId,
    templateId,
    isStream: body.callbackType === 'STREAM',
    params: paramsOf(body.cardData),
    privateParams: privateParamsOf(body.privateData, desk),
    recipients: recipients.length === 0 ? undefined : recipients,
    updates: 0,
  };
}

function existing(body: JsonObject, desk: Desk): Card {
  const outTrackId = textOf(body.outTrackId);
  if (outTrackId === undefined) throw new ApiRefusal('param.outTrackIdEmpty');
  const card = desk.cards.find(outTrackId);
  if (card === undefined) throw new ApiRefusal('param.cardNotExist');
  return card;
}

interface Space {
  readonly type: 'IM_GROUP' | 'IM_ROBOT';
  readonly id: string;
}

/** `dtv1.card//IM_GROUP.cid…;IM_ROBOT.userId`, in either case. */
function spacesOf(body: JsonObject): Space[] {
  const openSpaceId = textOf(body.openSpaceId);
  if (openSpaceId === undefined) throw new ApiRefusal('param.openSpaceIdEmpty');
  const [, list] = /^dtv1\.card\/\/(.+)$/s.exec(openSpaceId) ?? [];
  if (list === undefined) throw new ApiRefusal('param.openSpaceIdInvalid');
  return list
    .split(';')
    .filter((each) => each !== '')
    .map((each): Space => {
      const [, type = '', id] = /^(im_group|im_robot)\.(.+)$/is.exec(each) ?? [];
      if (id === undefined) throw new ApiRefusal('param.openSpaceIdInvalid');
      const known = type.toUpperCase() === 'IM_GROUP' ? 'IM_GROUP' : 'IM_ROBOT';
      const needed = known === 'IM_GROUP' ? 'imGroupOpenDeliverModel' : 'imRobotOpenDeliverModel';
      if (!isObject(body[needed])) throw new ApiRefusal('param.openDeliverModelEmpty');
      return { type: known, id };
    });
}

/** HTTP 200 and `success: true` around a delivery that failed. */
function deliver(space: Space, card: Card, body: JsonObject, desk: Desk): JsonObject {
  const result = { spaceType: space.type, spaceId: space.id };
  const failed = (errorMsg: string) => ({ ...result, success: false, errorMsg });
  if (space.type === 'IM_GROUP') {
    const model = objectOf(body.imGroupOpenDeliverModel);
    if (model.robotCode !== desk.directory.clientId) return failed('robotCode is illegal');
    const group = desk.directory.groupOfRobot(space.id);
    if (group === undefined) return failed('spaceId is illegal');
    const named = [...Object.keys(objectOf(model.atUserIds)), ...stringsOf(body.cardAtUserIds)];
    const pings = [...new Set(named)]
      .map((id) => (id === '@ALL' ? 'all' : id))
      .filter((id) => id === 'all' || group.members.has(id));
    return { ...result, success: true, carrierId: post(space.id, card, pings, desk), errorMsg: '' };
  }
  const model = objectOf(body.imRobotOpenDeliverModel);
  if (model.spaceType !== 'IM_ROBOT') return failed('spaceType is illegal');
  const person = desk.directory.staff(space.id);
  if (person === undefined) return failed('spaceId is illegal');
  return { ...result, success: true, carrierId: post(person.singleChat, card, [], desk), errorMsg: '' };
}

function post(conversation: string, card: Card, pings: readonly string[], desk: Desk): string {
  const processQueryKey = newQueryKey();
  const content = desk.cards.contentOf(card);
  desk.log.post({ conversation, author: ROBOT_NAME, via: 'card', content, card, pings, processQueryKey });
  return processQueryKey;
}

/** Every value is a string: the interface knows a map of strings. */
function paramsOf(data: unknown): Params {
  const map = objectOf(data).cardParamMap;
  if (!isObject(map)) throw new ApiRefusal('param.empty');
  const params: Record<string, string> = {};
  for (const [name, value] of Object.entries(map)) {
    if (typeof value !== 'string')
      throw new ApiRefusal('param.invalid', `param.invalid: cardParamMap.${name}`);
    params[name] = value;
  }
  return params;
}

function privateParamsOf(data: unknown, desk: Desk): Record<string, Params> {
  const all: Record<string, Params> = {};
  for (const [id, own] of Object.entries(objectOf(data))) {
    if (desk.directory.staff(id) === undefined) throw new ApiRefusal('param.userIdNotExist');
    all[id] = paramsOf(own);
  }
  return all;
}
