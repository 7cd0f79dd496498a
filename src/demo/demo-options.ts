/** The demo's command line. */
import { Command, Option } from 'commander';

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
}

/** @param argv as Node has it; ends the process on `--help` and on what it does not know */
export function demoOptions(argv: readonly string[]): DemoOptions {
  return new Command('demo')
    .description('The main job on stand-ins: ask, approve, dump, transfer, verify, download.')
    .option('--once', 'play the main job once and end (the default for now)')
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
    .parse(argv)
    .opts<DemoOptions>();
}
