import { Command, InvalidArgumentError, Option } from 'commander';
import type { Role } from '../config.ts';
import type { DoctorLanguage } from './words/words.ts';

export interface DoctorOptions {
  readonly config: string;
  readonly role: Role;
  /** Only this one of the config's clusters. */
  readonly cluster?: string;
  /** Beside those that the rules name. */
  readonly namespace: readonly string[];
  /** `namespace/pod` in which `true` may be run. */
  readonly pod?: string;
  readonly language: DoctorLanguage;
  readonly json: boolean;
}

type Environment = Readonly<Record<string, string | undefined>>;

export function doctorOptions(argv: readonly string[], environment: Environment): DoctorOptions {
  const namespace = (value: string, before: readonly string[]): readonly string[] => {
    if (!/^[a-z0-9-]{1,63}$/.test(value)) throw new InvalidArgumentError('allowed: the name of a namespace.');
    return [...before, value];
  };
  const pod = (value: string): string => {
    if (!/^[a-z0-9-]+\/[a-z0-9.-]+$/.test(value)) throw new InvalidArgumentError('allowed: namespace/pod.');
    return value;
  };
  return new Command('doctor')
    .description('Checks config, Redis, chat, clusters and bucket: a line each, with the remedy.')
    .option('--config <file>', 'the config file', environment.HEAPDUMP_CONFIG || 'heapdump.yaml')
    .addOption(
      new Option('--role <role>', 'as which process: a bot has no rights in a cluster, a worker no chat')
        .choices(['bot', 'worker', 'both'])
        .default('both'),
    )
    .option('--cluster <name>', 'only this cluster', environment.HEAPDUMP_CLUSTER || undefined)
    .option('--namespace <name>', 'a namespace that rules mean by a pattern (may be repeated)', namespace, [])
    .option('--pod <namespace/pod>', 'proves exec to the end: runs "true" in this pod', pod)
    .addOption(
      new Option('--language <language>', 'of what is printed')
        .choices(['en', 'zh-CN'])
        .default(languageOf(environment)),
    )
    .option('--json', 'for machines: one JSON object', false)
    .parse(argv)
    .opts<DoctorOptions>();
}

/** As a terminal tells it: `LANG=zh_CN.UTF-8`. */
function languageOf({ LC_ALL, LC_MESSAGES, LANG }: Environment): DoctorLanguage {
  const set = [LC_ALL, LC_MESSAGES, LANG].find((value) => value !== undefined && value !== '');
  return set?.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en';
}
