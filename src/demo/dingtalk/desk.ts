/** What every interface of the stand-in works on. */
import type { Cards } from './cards.ts';
import type { ChatLog } from './chat-log.ts';
import type { Directory } from './directory.ts';
import type { DingtalkLimits } from './limits.ts';
import type { MessageBudget } from './message-budget.ts';

export interface Desk {
  readonly now: () => number;
  readonly limits: DingtalkLimits;
  readonly directory: Directory;
  readonly log: ChatLog;
  readonly cards: Cards;
  readonly budget: MessageBudget;
}
