/** From a reviewer's click to the link, against what a person does by hand. */
import { figureOf, ratioOf } from '../figure.ts';
import type { Lab, Setting } from '../lab.ts';
import type { Measured, Row } from '../report.ts';
import { type ByBot, startByBot } from '../ways/by-bot.ts';
import { byHand, type HandMade } from '../ways/by-hand.ts';
import { findKubectl } from '../ways/kubectl.ts';

export async function measureApproval(lab: Lab): Promise<Measured> {
  const store = await lab.startStore({ discard: false });
  const setting = await lab.setting(store);
  const { sizes, real, quick } = lab.options;
  const small = quick && real === undefined;
  const copies = (await findKubectl(lab)) === undefined ? 'cat through exec' : 'kubectl cp';
  const rows: Row[] = [];
  let headline: Measured['headlines'] = {};
  const bot = await startByBot(lab, setting);
  try {
    for (const heapMb of real === undefined ? sizes.approval : [sizes.approvalHeadline]) {
      const name = real === undefined ? `${heapMb} MB` : 'the target';
      lab.say(`approval to link: ${name} …`);
      const taken = await measureSize(lab, setting, bot, heapMb);
      const handSeconds = taken.hand.map(({ seconds }) => seconds);
      const of = (part: (hand: HandMade) => number): string =>
        figureOf(taken.hand.map(part)).value.toFixed(1);
      const parts = `jcmd ${of((hand) => hand.dumpSeconds)}, ${copies} ${of((hand) => hand.copySeconds)}, upload ${of((hand) => hand.uploadSeconds)} s`;
      rows.push(
        { name: `${name}, heapdump-bot`, unit: 's', figure: figureOf(taken.auto) },
        { name: `${name}, heapdump-bot by relay`, unit: 's', figure: figureOf(taken.relay) },
        { name: `${name}, by hand`, unit: 's', figure: figureOf(handSeconds), note: parts, other: true },
      );
      if (heapMb === sizes.approvalHeadline)
        headline = {
          approvalToLinkVsByHand: {
            figure: ratioOf(taken.auto, handSeconds),
            note: `${name}; by hand: jcmd, ${copies}, ali-oss multipart${small ? '; small, as this is a quick run' : ''}`,
          },
        };
    }
  } finally {
    await bot.stop();
    await store.host.stop();
  }
  return { sections: [{ title: 'From approval to link', rows }], headlines: headline };
}

interface Taken {
  readonly auto: number[];
  readonly relay: number[];
  readonly hand: HandMade[];
}

/** In turns, on the same pod. */
async function measureSize(lab: Lab, setting: Setting, bot: ByBot, heapMb: number): Promise<Taken> {
  const subject = await lab.addSubject(heapMb);
  const taken: Taken = { auto: [], relay: [], hand: [] };
  try {
    for (let run = 0; run < lab.options.runs; run += 1) {
      taken.auto.push(await bot.approvalToLink(subject, ''));
      taken.relay.push(await bot.approvalToLink(subject, '--via relay'));
      taken.hand.push(await byHand(lab, setting, subject));
    }
    return taken;
  } finally {
    await lab.removeSubject(subject);
  }
}
