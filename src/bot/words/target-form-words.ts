/** What the form says that asks which pod is meant. Slack takes 24 characters for title, submit and cancel. */
import type { ListedPod } from '../../worker/lookup-job.ts';
import type { LookupProblem } from '../lookups.ts';

export interface TargetFormWords {
  readonly title: string;
  readonly submit: string;
  readonly cancel: string;
  readonly oneMoment: string;
  readonly cluster: string;
  readonly chooseCluster: string;
  readonly namespace: string;
  readonly chooseNamespace: string;
  readonly clusterFirst: string;
  readonly pod: string;
  readonly choosePod: string;
  readonly namespaceFirst: string;
  readonly podStates: Readonly<Record<ListedPod['state'], string>>;
  podNote(state: string, since: string | undefined): string;
  readonly container: string;
  readonly anyContainer: string;
  readonly reason: string;
  readonly reasonHint: string;
  readonly typeNames: string;
  readonly chooseFromLists: string;
  readonly problems: Readonly<Record<LookupProblem, string>>;
  /** Behind a problem. */
  readonly typeInstead: string;
  readonly noNamespaces: string;
  noPods(namespace: string): string;
  incomplete(count: string): string;
  readonly namedOnly: string;
  readonly chooseAgain: string;
  readonly nothingOffered: string;
}

export const targetFormEn: TargetFormWords = {
  title: 'Ask for a heap dump',
  submit: 'Ask',
  cancel: 'Cancel',
  oneMoment: 'One moment…',
  cluster: 'Cluster',
  chooseCluster: 'Choose a cluster',
  namespace: 'Namespace',
  chooseNamespace: 'Choose or search a namespace',
  clusterFirst: 'Choose a cluster first',
  pod: 'Pod',
  choosePod: 'Choose or search a pod',
  namespaceFirst: 'Choose a namespace first',
  podStates: {
    running: 'Running',
    pending: 'Pending',
    ending: 'Being deleted',
    succeeded: 'Ended',
    failed: 'Failed',
    unknown: 'State unknown',
  },
  podNote: (state, since) => (since === undefined ? state : `${state}, for ${since}`),
  container: 'Container',
  anyContainer: 'The one in which Java runs',
  reason: 'Reason',
  reasonHint: 'The reviewers see it.',
  typeNames: 'Type the names instead',
  chooseFromLists: 'Choose from lists',
  problems: {
    slow: 'The cluster is slow to answer.',
    forbidden: 'The worker may not list what there is in this cluster.',
    'no-worker': 'No worker answers for this cluster.',
    'old-worker': 'The worker of this cluster is older than this bot and has no lists.',
    failed: 'The cluster could not be asked what there is.',
  },
  typeInstead: 'Please type the names, here or behind the command.',
  noNamespaces: 'There is no namespace in which you may ask for a heap dump.',
  noPods: (namespace) => `There is no pod in ${namespace} that you may ask for.`,
  incomplete: (count) =>
    `There are more pods than the ${count} that can be searched here. If yours is missing, type its name.`,
  namedOnly:
    'The worker may not list namespaces, so these are the ones that rules name. Others can be typed.',
  chooseAgain: 'Please choose again: the list has changed.',
  nothingOffered: 'No rule lets you ask for a heap dump. Whoever runs this bot can add one.',
};

export const targetFormZhCn: TargetFormWords = {
  title: '申请堆转储',
  submit: '申请',
  cancel: '取消',
  oneMoment: '请稍候…',
  cluster: '集群',
  chooseCluster: '选择集群',
  namespace: '命名空间',
  chooseNamespace: '选择或搜索命名空间',
  clusterFirst: '请先选择集群',
  pod: 'Pod',
  choosePod: '选择或搜索 Pod',
  namespaceFirst: '请先选择命名空间',
  podStates: {
    running: '运行中',
    pending: '等待启动',
    ending: '正在删除',
    succeeded: '已结束',
    failed: '已失败',
    unknown: '状态未知',
  },
  podNote: (state, since) => (since === undefined ? state : `${state}，已 ${since}`),
  container: '容器',
  anyContainer: '运行 Java 的那个容器',
  reason: '原因',
  reasonHint: '审批人会看到。',
  typeNames: '改为手动输入',
  chooseFromLists: '从列表中选择',
  problems: {
    slow: '集群响应太慢。',
    forbidden: 'worker 没有在该集群中列出资源的权限。',
    'no-worker': '该集群没有 worker 响应。',
    'old-worker': '该集群的 worker 版本比机器人旧，无法提供列表。',
    failed: '无法向集群查询有哪些 Pod。',
  },
  typeInstead: '请直接输入名称，或在命令后面写明。',
  noNamespaces: '没有您可以申请堆转储的命名空间。',
  noPods: (namespace) => `命名空间 ${namespace} 中没有您可以申请的 Pod。`,
  incomplete: (count) => `这里只能搜索其中 ${count} 个 Pod。如果没有您要的，请手动输入名称。`,
  namedOnly: 'worker 无权列出命名空间，因此这里只有规则中写明的那些，其他的可以手动输入。',
  chooseAgain: '列表已更新，请重新选择。',
  nothingOffered: '没有规则允许您申请堆转储，本机器人的维护者可以添加规则。',
};
