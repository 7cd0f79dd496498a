/** What stands on a person's home page, beside the words of cards and lists. */
export interface HomeWords {
  readonly title: string;
  readonly forReview: string;
  moreForReview(count: number): string;
  readonly dumps: string;
  readonly olderDumps: string;
  /** In place of dumps. */
  empty(command: string): string;
  readonly older: string;
  readonly newest: string;
  readonly askedBy: string;
  readonly approvedBy: string;
  readonly withoutReview: string;
  /** Of a dump that was stored, in place of its state. */
  readonly gone: string;
  /** Behind what nobody vouches for. */
  readonly unsigned: string;
}

export const homeEn: HomeWords = {
  title: 'Heap dumps',
  forReview: 'Waiting for your review',
  moreForReview: (count) =>
    `${count} more ${count === 1 ? 'waits' : 'wait'}; they follow once these are decided.`,
  dumps: 'Newest dumps',
  olderDumps: 'Older dumps',
  empty: (command) => `Nothing here yet. Type ${command} in a channel to ask for a heap dump.`,
  older: 'Older',
  newest: 'Back to the newest',
  askedBy: 'asked by',
  approvedBy: 'approved by',
  withoutReview: 'without review',
  gone: 'not in the bucket any more',
  unsigned: 'restored, unsigned',
};

export const homeZhCn: HomeWords = {
  title: '堆转储',
  forReview: '等待您审批',
  moreForReview: (count) => `还有 ${count} 个申请等待审批，处理完以上申请后显示。`,
  dumps: '最新的转储',
  olderDumps: '更早的转储',
  empty: (command) => `这里还没有内容。在频道中输入 ${command} 即可申请堆转储。`,
  older: '更早',
  newest: '回到最新',
  askedBy: '申请人',
  approvedBy: '批准人',
  withoutReview: '无需审批',
  gone: '存储桶中已不存在',
  unsigned: '恢复所得，未签名',
};
