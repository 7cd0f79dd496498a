/** The demo's command line. */
import { Command, InvalidArgumentError, Option } from 'commander';

export type ChatName = 'slack' | 'dingtalk';

export interface DemoOptions {
  readonly once?: boolean;
  readonly chat: ChatName | 'both';
  readonly cards: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly target?: string;
  readonly container?: string;
  readonly config?: string;
  readonly flags: string;
  /** MB. */
  readonly heap: string;
  readonly out?: string;
  readonly log: string;
  readonly port: number;
  readonly language: 'en' | 'zh-CN';
  /** A file that gets the page's picture. */
  readonly screenshot?: string;
}

/** Bookmarks and pages that were left open find the next demo there; if it is taken, any free port is used. */
const USUAL_PORT = 7007;
const PICTURE = 'src/demo/page/screenshot.png';

/** @param argv as Node has it; ends the process on `--help` and on what it does not know */
export function demoOptions(argv: readonly string[]): DemoOptions {
  const command = new Command('demo')
    .description('The bot on stand-ins, as a chat channel in the browser: ask, approve, dump, download.')
    .option(
      '--once',
      'play the main job once in this terminal, and end; --chat dingtalk and --kubeconfig imply it',
    )
    .option('--port <number>', 'where the page is', portNumber, USUAL_PORT)
    .addOption(
      new Option('--language <name>', 'what the bot speaks in the channel')
        .choices(['en', 'zh-CN'])
        .default('en'),
    )
    .option('--screenshot [file]', `take the README’s picture, and end (${PICTURE})`)
    .addOption(
      new Option(
        '--chat <name>',
        'where it is played: in Slack, in DingTalk (in Chinese), or in both at once',
      )
        .choices(['slack', 'dingtalk', 'both'])
        .default('slack'),
    )
    .option('--no-cards', 'in DingTalk without a card template: everything is said and decided in words')
    .option('--kubeconfig <file>', 'a real cluster in the place of the demo’s')
    .option('--context <name>', 'a context of that kubeconfig')
    .option('--target <namespace/pod>', 'the pod to dump in that cluster')
    .option('-c, --container <name>', 'its container')
    .option(
      '--config <file>',
      'a file in the form of heapdump.example.yaml; what it says goes before the demo’s own settings',
    )
    .option('--flags <words>', 'what the developer types behind the pod, such as "--via relay --no-disk"', '')
    .option('--heap <MB>', 'how much the demo’s Java service has leaked', '128')
    .option('--out <file>', 'keep the heap dump there, unpacked unless the name ends in .gz')
    .option('--log <level>', 'what bot and worker log, to standard error', 'warn')
    .parse(argv);
  const { screenshot, ...options } = command.opts<
    Omit<DemoOptions, 'screenshot'> & { screenshot?: string | true }
  >();
  if (screenshot === undefined) return options;
  return { ...options, screenshot: screenshot === true ? PICTURE : screenshot };
}

function portNumber(given: string): number {
  const port = Number(given);
  if (!/^\d{1,5}$/.test(given) || port > 65_535)
    throw new InvalidArgumentError('allowed: 0 (any free one) to 65535');
  return port;
}
