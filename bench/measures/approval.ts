/** From a reviewer's click to the link, against what a person does by hand. */
import { figureOf, ratioOf } from '../figure.ts';
import type { Lab, Setting } from '../lab.ts';
import type { Measured, Row, Section } from '../report.ts';
import { type CpuMeter, createCpuMeter } from '../spent-cpu.ts';
import { type BotRun, type ByBot, startByBot } from '../ways/by-bot.ts';
import { byHand, type HandMade } from '../ways/by-hand.ts';
import { findKubectl } from '../ways/kubectl.ts';
import { profileSection, SPENDERS_OF_BOT, spendersByHand } from './approval-cpu.ts';

/** Flags of the command; the first is what one gets who says nothing, and the headline. */
const BOT_WAYS = {
  'heapdump-bot': '',
  'heapdump-bot, relay': '--via relay',
  'heapdump-bot, relay, as it is': '--via relay --compress none',
} as const;
type BotWay = keyof typeof BOT_WAYS;
/** The two that are profiled: what one gets, and what a relay costs that changes no byte. */
const PROFILED: readonly BotWay[] = ['heapdump-bot', 'heapdump-bot, relay, as it is'];

export async function measureApproval(lab: Lab): Promise<Measured> {
  const store = await lab.startStore({ discard: false });
  const setting = await lab.setting(store);
  const { sizes, real, quick } = lab.options;
  const copies = (await findKubectl(lab)) === undefined ? 'cat through exec' : 'kubectl cp';
  const rows: Row[] = [];
  let headline: Measured['headlines'] = {};
  let profile: Section | undefined;
  const bot = await startByBot(lab, setting);
  const meter = createCpuMeter({
    worker: bot.workerPid,
    cluster: lab.clusterHost?.pid,
    store: setting.usesStandIn ? store.host.pid : undefined,
  });
  try {
    for (const heapMb of real === undefined ? sizes.approval : [sizes.approvalHeadline]) {
      const name = real === undefined ? `${heapMb} MB` : 'the target';
      lab.say(`approval to link: ${name} …`);
      const taken = await measureSize(lab, setting, bot, heapMb, meter);
      const handSeconds = taken.hand.map(({ seconds }) => seconds);
      const middle = (values: number[]): string => figureOf(values).value.toFixed(1);
      const parts = [
        `jcmd ${middle(taken.hand.map(({ dumpSeconds }) => dumpSeconds))}`,
        `${copies} ${middle(taken.hand.map(({ copySeconds }) => copySeconds))}`,
        `upload ${middle(taken.hand.map(({ uploadSeconds }) => uploadSeconds))} s`,
      ].join(', ');
      rows.push(
        ...(Object.keys(BOT_WAYS) as BotWay[]).map((way) => botRow(`${name}, ${way}`, taken.bot[way])),
        { name: `${name}, by hand`, unit: 's', figure: figureOf(handSeconds), note: parts, other: true },
      );
      if (heapMb !== sizes.approvalHeadline) continue;
      const small = quick && real === undefined && heapMb < 1024;
      const botSeconds = taken.bot['heapdump-bot'].map(({ seconds }) => seconds);
      headline = {
        approvalToLinkVsByHand: {
          figure: ratioOf(botSeconds, handSeconds),
          note: `${name}; by hand: jcmd, ${copies}, ali-oss multipart${small ? '; small, as this is a quick run' : ''}`,
        },
      };
      profile = profileSection(real === undefined ? `a dump of ${name}` : 'the target’s dump', [
        ...PROFILED.map((way) => ({ name: way, runs: taken.bot[way], spenders: SPENDERS_OF_BOT })),
        { name: 'by hand', runs: taken.hand, spenders: spendersByHand(copies === 'kubectl cp') },
      ]);
    }
  } finally {
    await bot.stop();
    await store.host.stop();
  }
  const times = { title: 'From approval to link', rows };
  return { sections: profile === undefined ? [times] : [times, profile], headlines: headline };
}

interface Taken {
  readonly bot: Record<BotWay, BotRun[]>;
  readonly hand: HandMade[];
}

/** In turns, on the same pod. */
async function measureSize(
  lab: Lab,
  setting: Setting,
  bot: ByBot,
  heapMb: number,
  meter: CpuMeter,
): Promise<Taken> {
  const subject = await lab.addSubject(heapMb);
  const ways = Object.keys(BOT_WAYS) as BotWay[];
  const taken: Taken = {
    bot: Object.fromEntries(ways.map((way) => [way, [] as BotRun[]])) as Taken['bot'],
    hand: [],
  };
  try {
    for (let run = 0; run < lab.options.runs; run += 1) {
      for (const way of ways) taken.bot[way].push(await bot.approvalToLink(subject, BOT_WAYS[way], meter));
      taken.hand.push(await byHand(lab, setting, subject, meter));
    }
    return taken;
  } finally {
    await lab.removeSubject(subject);
  }
}

function botRow(name: string, runs: readonly BotRun[]): Row {
  const middle = (values: number[]): string => figureOf(values).value.toFixed(1);
  const dump = middle(runs.map(({ dumpSeconds }) => dumpSeconds));
  const transfer = middle(runs.map(({ transferSeconds }) => transferSeconds));
  const figure = figureOf(runs.map(({ seconds }) => seconds));
  return { name, unit: 's', figure, note: `dump ${dump}, transfer ${transfer} s` };
}
