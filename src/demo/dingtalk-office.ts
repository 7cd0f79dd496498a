/** A DingTalk organisation with the people of the main job: a group, a developer, and reviewers by their role. */
import {
  type Client,
  type Dingtalk,
  type DingtalkOptions,
  type Group,
  plainTemplate,
  type Role,
  startDingtalk,
} from './dingtalk/dingtalk.ts';

export interface DingtalkOffice {
  readonly dingtalk: Dingtalk;
  readonly group: Group;
  readonly developer: Client;
  readonly reviewer: Client;
  readonly reviewers: Role;
  /** Undefined where the app has no card template: everything is said in words. */
  readonly cardTemplateId: string | undefined;
  stop(): Promise<void>;
}

export interface OfficeOptions extends DingtalkOptions {
  readonly cards: boolean;
}

const TEMPLATE_ID = '3c9e1d52-7f0b-4a86-9a35-heapdump.schema';

export async function startDingtalkOffice({ cards, ...options }: OfficeOptions): Promise<DingtalkOffice> {
  const dingtalk = await startDingtalk({
    ...options,
    ...(cards ? { templates: [plainTemplate(TEMPLATE_ID)] } : {}),
  });
  const developer = dingtalk.addPerson({ name: '小梅（开发）' });
  const reviewer = dingtalk.addPerson({ name: '安然（审批）' });
  const reviewers = dingtalk.addRole('堆转储审批人', [reviewer]);
  return {
    dingtalk,
    group: dingtalk.addGroup({ title: '支付服务' }),
    developer,
    reviewer,
    reviewers,
    cardTemplateId: cards ? TEMPLATE_ID : undefined,
    stop: () => dingtalk.stop(),
  };
}
