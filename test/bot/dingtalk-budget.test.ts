import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MessageBudget } from '../../src/bot/chat/dingtalk/message-budget.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const spend = async (budget: MessageBudget, count: number) => {
  for (let at = 0; at < count; at += 1) await budget.take('ordinary');
};

describe('what a robot may say in a minute', () => {
  it('is said at once as long as there is room, and then when the minute is over', async () => {
    const budget = new MessageBudget(3, Date.now);
    await spend(budget, 2);
    await vi.advanceTimersByTimeAsync(40_000);
    await spend(budget, 1);
    let said = false;
    void budget.take('ordinary').then(() => (said = true));

    await vi.advanceTimersByTimeAsync(20_000);
    expect(said).toBe(false);
    await vi.advanceTimersByTimeAsync(1000);
    expect(said).toBe(true);
  });

  it('goes to results before anything that waited longer', async () => {
    const budget = new MessageBudget(1, Date.now);
    await spend(budget, 1);
    await vi.advanceTimersByTimeAsync(45_000);
    const said: string[] = [];
    void budget.take('ordinary').then(() => said.push('card'));
    void budget.take('result').then(() => said.push('result'));

    await vi.advanceTimersByTimeAsync(16_000);

    expect(said).toEqual(['result']);
  });

  it('leaves half of itself to what is not progress', async () => {
    const budget = new MessageBudget(4, Date.now);

    expect([1, 2, 3].map(() => budget.takeForProgress())).toEqual([true, true, false]);
    await spend(budget, 2);
    await vi.advanceTimersByTimeAsync(61_000);
    expect(budget.takeForProgress()).toBe(true);
  });

  it('is not waited for without end: the caller comes back with what is true by then', async () => {
    const budget = new MessageBudget(1, Date.now);
    await spend(budget, 1);
    const late = budget.take('result');
    const refused = expect(late).rejects.toMatchObject({ name: 'ChatError', code: 'rate-limited' });

    await vi.advanceTimersByTimeAsync(31_000);

    await refused;
  });

  it('pauses for all when DingTalk says that it was too much', async () => {
    const budget = new MessageBudget(20, Date.now);
    budget.hold(10_000);
    let said = false;
    void budget.take('result').then(() => (said = true));

    expect(budget.takeForProgress()).toBe(false);
    await vi.advanceTimersByTimeAsync(9000);
    expect(said).toBe(false);
    await vi.advanceTimersByTimeAsync(1100);
    expect(said).toBe(true);
  });
});
