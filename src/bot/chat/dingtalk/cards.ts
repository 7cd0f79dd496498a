/** Interactive cards: https://open.dingtalk.com/document/orgapp/create-and-deliver-cards */
import { z } from 'zod';
import type { CardVariables } from './card-variables.ts';
import { DingtalkFailure, isCardThere } from './dingtalk-failure.ts';
import type { OpenApi } from './open-api.ts';
import type { DingtalkPlace } from './places.ts';

const CREATE = '/v1.0/card/instances/createAndDeliver';
const CHANGE = '/v1.0/card/instances';
/** Staff ids, everywhere in a call. */
const BY_STAFF_ID = 1;

/** HTTP 200 can hold a delivery that failed. */
const createdShape = z.object({
  result: z.object({
    deliverResults: z.array(z.object({ success: z.boolean(), errorMsg: z.string().optional() })).optional(),
  }),
});

export interface Cards {
  /**
   * Puts a card into a conversation, once for each `outTrackId`.
   * @param calls people who are pinged, with their names
   * @throws DingtalkFailure; with kind 'unknown' it may stand there
   */
  create(
    outTrackId: string,
    place: DingtalkPlace,
    variables: CardVariables,
    calls: ReadonlyMap<string, string>,
  ): Promise<void>;
  /** Resolves when these variables, or newer ones, are shown. @throws DingtalkFailure */
  change(outTrackId: string, variables: CardVariables): Promise<void>;
  /** Resolves when nothing is under way. */
  idle(): Promise<void>;
}

interface Change {
  variables: CardVariables;
  readonly waiting: { resolve(): void; reject(error: unknown): void }[];
}

export function createCards(deps: {
  readonly api: OpenApi;
  readonly templateId: string;
  readonly robotCode: string;
}): Cards {
  const { api, templateId, robotCode } = deps;
  /** What is to be shown next, by card: states that a newer one has overtaken are never sent. */
  const next = new Map<string, Change>();
  const underWay = new Map<string, Promise<void>>();

  const put = async (outTrackId: string, cardParamMap: CardVariables): Promise<void> => {
    await api.call(
      'PUT',
      CHANGE,
      {
        outTrackId,
        cardData: { cardParamMap },
        cardUpdateOptions: { updateCardDataByKey: true },
        userIdType: BY_STAFF_ID,
      },
      // The same change twice is the same as once.
      { again: 'reading' },
    );
  };

  const work = async (outTrackId: string): Promise<void> => {
    for (let change = next.get(outTrackId); change !== undefined; change = next.get(outTrackId)) {
      next.delete(outTrackId);
      const { variables, waiting } = change;
      try {
        await put(outTrackId, variables);
        for (const { resolve } of waiting) resolve();
      } catch (error) {
        for (const { reject } of waiting) reject(error);
      }
    }
  };

  return {
    async create(outTrackId, place, variables, calls) {
      const body = {
        cardTemplateId: templateId,
        outTrackId,
        callbackType: 'STREAM',
        userIdType: BY_STAFF_ID,
        cardData: { cardParamMap: { progress: '', ...variables } },
        ...space(place, robotCode, variables.title ?? '', calls),
      };
      try {
        const answer = createdShape.parse(await api.call('POST', CREATE, body, { again: 'writing' }));
        const failed = answer.result.deliverResults?.find(({ success }) => !success);
        if (failed !== undefined)
          throw new DingtalkFailure('refused', CREATE, { dingtalkCode: failed.errorMsg });
      } catch (error) {
        if (!isCardThere(error)) throw error;
        // The answer to an earlier try was lost. It may be that more is known by now than was then.
        await put(outTrackId, variables);
      }
    },

    change(outTrackId, variables) {
      return new Promise((resolve, reject) => {
        const waiting = next.get(outTrackId);
        if (waiting !== undefined) {
          waiting.variables = { ...waiting.variables, ...variables };
          waiting.waiting.push({ resolve, reject });
        } else {
          next.set(outTrackId, { variables, waiting: [{ resolve, reject }] });
        }
        if (underWay.has(outTrackId)) return;
        underWay.set(
          outTrackId,
          work(outTrackId).finally(() => underWay.delete(outTrackId)),
        );
      });
    },

    async idle() {
      while (underWay.size > 0) await Promise.all(underWay.values());
    },
  };
}

function space(
  { group, single }: DingtalkPlace,
  robotCode: string,
  title: string,
  calls: ReadonlyMap<string, string>,
): object {
  // What the list of conversations shows below the name.
  const shown = { lastMessageI18n: { ZH_CN: title, EN_US: title } };
  return group === undefined
    ? {
        openSpaceId: `dtv1.card//IM_ROBOT.${single}`,
        imRobotOpenSpaceModel: { supportForward: false, ...shown },
        imRobotOpenDeliverModel: { spaceType: 'IM_ROBOT', robotCode },
      }
    : {
        openSpaceId: `dtv1.card//IM_GROUP.${group}`,
        imGroupOpenSpaceModel: { supportForward: false, ...shown },
        imGroupOpenDeliverModel: {
          robotCode,
          ...(calls.size === 0 ? {} : { atUserIds: Object.fromEntries(calls) }),
        },
      };
}
