/** The whole product, from a reviewer's click to the link in the thread. */
import { createPlatforms } from '../../src/bot/create-platforms.ts';
import { createRequestStore } from '../../src/bot/request-store.ts';
import { startBot } from '../../src/bot/start-bot.ts';
import { credentialsFromConfig } from '../../src/credentials-from-config.ts';
import type { StoredMessage } from '../../src/demo/slack/slack-workspace.ts';
import type { Lab, Setting, Subject } from '../lab.ts';
import type { CpuMeter, Spent } from '../spent-cpu.ts';
import { startWorkerProcess } from './worker-process.ts';

export interface BotRun {
  readonly seconds: number;
  /** Of that. */
  readonly dumpSeconds: number;
  readonly transferSeconds: number;
  /** Over the same span. */
  readonly cpu: Spent | undefined;
}

export interface ByBot {
  readonly workerPid: number | undefined;
  /**
   * From the click on Approve to the message with the link.
   * @param flags of the command
   */
  approvalToLink(subject: Subject, flags: string, meter: CpuMeter): Promise<BotRun>;
  stop(): Promise<void>;
}

const ASK_MS = 120_000;
const MOST_MS = 30 * 60_000;
const ENDED = /is ready|failed|was cancelled|was denied|nobody decided/;

export async function startByBot(lab: Lab, setting: Setting): Promise<ByBot> {
  const { slack, cast, log } = lab;
  const { config } = setting;
  const worker = await startWorkerProcess(lab, setting);
  const bot = await startBot(config, {
    platforms: createPlatforms(config, { log, now: Date.now }),
    downloadCredentials: credentialsFromConfig(config, 'downloadCredentials', Date.now),
    log,
    now: Date.now,
    reconcileEveryMs: 5000,
  }).catch(async (error: unknown) => {
    await worker.stop();
    throw error;
  });
  const command = config.chat.slack?.command ?? '/heapdump';
  const seen = new Set<string>();
  const requests = createRequestStore(lab.redis);

  return {
    workerPid: worker.pid,
    async approvalToLink({ namespace, pod, container }, flags, meter) {
      const named = container === undefined ? '' : ` -c ${container}`;
      await slack.slash(cast.developer, cast.channel, command, `${namespace}/${pod}${named} ${flags}`);
      const card = await slack.waitForMessage((message) => isNewCard(message, seen), ASK_MS);
      seen.add(card.ts);
      const readCpu = meter();
      const began = performance.now();
      await slack.click(cast.reviewer, card, ({ text }) => text === 'Approve');
      const result = await slack.waitForMessage(
        ({ fromBot, threadTs, text }) => fromBot && threadTs === card.ts && ENDED.test(text),
        MOST_MS,
      );
      const seconds = (performance.now() - began) / 1000;
      const cpu = readCpu();
      if (!result.links.some((url) => url.includes('.hprof')))
        throw new Error(`The thread ended without a link: ${result.text}`);
      const [request] = await requests.newest(1);
      const steps = request?.outcome?.outcome === 'completed' ? request.outcome.stepMs : {};
      return {
        seconds,
        dumpSeconds: (steps['run-dump'] ?? 0) / 1000,
        transferSeconds: (steps.transfer ?? 0) / 1000,
        cpu,
      };
    },
    async stop() {
      await bot.stop();
      await worker.stop();
    },
  };
}

const isNewCard = (message: StoredMessage, seen: ReadonlySet<string>): boolean =>
  message.fromBot && !seen.has(message.ts) && JSON.stringify(message.blocks).includes('"text":"Approve"');
