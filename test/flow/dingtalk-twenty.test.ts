import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  about,
  askOnly,
  cardOf,
  type DingtalkWorld,
  inGroup,
  linkOf,
  readyOf,
  resultOf,
  shown,
  startDingtalkWorld,
} from './dingtalk-conversation.ts';

const ALL = 20;
const NOT_THERE = 8;
const DUMPED = 1;

describe('twenty requests at once, where a robot may say twenty messages a minute', () => {
  let world: DingtalkWorld;

  beforeAll(async () => {
    // In words: each question, decision and result is a message of its own in the group.
    world = await startDingtalkWorld({ dingtalk: { cards: false } });
  });
  afterAll(() => world?.stop());

  it('each gets its result, progress is left out first, and the robot is never muted', async () => {
    const { dingtalk, reviewer, group } = world.office;
    const people = Array.from({ length: ALL }, (_none, at) => {
      const person = dingtalk.addPerson({ name: `开发${at}` });
      group.members.add(person.id);
      return person;
    });
    // Some ask for pods that are not there: these are answered to each alone.
    const [wrong, right] = [people.slice(0, NOT_THERE), people.slice(NOT_THERE)];
    for (const [at, person] of wrong.entries()) person.type(group, `/heapdump prod/gone-${at}`);
    const ids = await Promise.all(right.map((person) => askOnly(world, world.target, person)));
    await Promise.all(ids.map((id) => cardOf(world, id)));

    const [first = '', ...others] = ids;
    // More than half of the minute's messages are said: what is left is not for progress.
    reviewer.type(group, `同意 ${first}`);
    const ready = await readyOf(world, first);
    for (const id of others) reviewer.type(group, `拒绝 ${id} 一次就够了`);
    await Promise.all(
      wrong.map((person) =>
        dingtalk.waitForMessage(
          (message) =>
            message.conversation === person.singleChat && person.read(message).includes('找不到这个 Pod'),
          110_000,
        ),
      ),
    );
    const denied = await Promise.all(others.map((id) => resultOf(world, id)));

    const file = await fetch(linkOf(world, ready));
    expect(file.status).toBe(200);
    expect(denied.every((message) => shown(world, message).includes('一次就够了'))).toBe(true);
    expect(world.dumpsTaken()).toBe(DUMPED);
    expect(about(world, first).filter((message) => shown(world, message).includes('正在处理'))).toEqual([]);
    // Never more than twenty within a minute, and so no answer that says it was too fast.
    const times = inGroup(world).map(({ at }) => at);
    for (const at of times)
      expect(times.filter((other) => other >= at && other < at + 60_000).length).toBeLessThanOrEqual(20);
    expect(times.length).toBeGreaterThan(20);
    expect(world.logLines.filter((line) => /130101|tooFast|Throttling/.test(line))).toEqual([]);
  });
});
