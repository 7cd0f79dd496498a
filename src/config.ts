/** File and environment → one frozen, validated config. The only place that reads the environment. */
import { readFileSync } from 'node:fs';
import { type Document, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type Config, configSchema } from './config-schema.ts';

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'bad-config';
  /** One line a mistake: key, value, what is allowed. */
  readonly problems: readonly string[];

  constructor(file: string, problems: readonly string[]) {
    super(`Bad config ${file}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/** Which process reads it: each is given only the secrets that are its own. */
export type Role = 'bot' | 'worker' | 'both' | 'restore';

/** Dropped unread, so that a bot needs no variable of the worker's and a worker none of the bot's. */
const NOT_HELD: Readonly<Record<Role, readonly (readonly [string, string])[]>> = {
  bot: [
    ['store', 'uploadCredentials'],
    ['store', 'manifestKeys'],
  ],
  worker: [
    ['chat', 'slack'],
    ['chat', 'dingtalk'],
    ['store', 'downloadCredentials'],
  ],
  both: [],
  restore: [
    ['chat', 'slack'],
    ['chat', 'dingtalk'],
    ['store', 'uploadCredentials'],
  ],
};

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * @param file heapdump.yaml. `${NAME}` in a value is taken from the environment, `${file:/path}` from a file
 *   (a mounted secret; its last line end is cut), so that no secret needs to stand in it.
 * @throws ConfigError that names each key, its value (secrets are not shown) and what is allowed
 */
export function loadConfig(file: string, environment: Environment, role: Role): Config {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError(file, [
      `cannot be read (${errorCode(cause)}); start with --config FILE or HEAPDUMP_CONFIG, see heapdump.example.yaml`,
    ]);
  }
  return parseConfig(text, environment, role, file);
}

/** As `loadConfig`, from text. */
export function parseConfig(
  text: string,
  environment: Environment,
  role: Role,
  file = 'heapdump.yaml',
): Config {
  const document = parseDocument(text);
  if (document.errors.length > 0)
    throw new ConfigError(
      file,
      document.errors.map((error) => `not YAML: ${error.message.split('\n')[0]}`),
    );
  const problems: string[] = [];
  const written = valuesOf(document, file) ?? {};
  for (const [section, key] of NOT_HELD[role]) {
    if (isObject(written) && isObject(written[section])) delete written[section][key];
  }
  const filledIn = fillIn(written, environment, [], problems);
  applyOverrides(filledIn, environment);
  if (problems.length > 0) throw new ConfigError(file, problems);
  const result = configSchema.safeParse(filledIn);
  if (!result.success)
    throw new ConfigError(
      file,
      result.error.issues.flatMap((issue) => describe(issue, filledIn)),
    );
  return deepFreeze(result.data);
}

function valuesOf(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    // `pods: [*-api]` is an alias to YAML.
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(file, [`not YAML: ${why}; a value that begins with * needs quotes`]);
  }
}

/** The one setting that has a variable of its own, since it is set where the tool is built into an image. */
function applyOverrides(config: unknown, environment: Environment): void {
  const tool = environment.JMAP_DUMP_TOOL_NAME;
  if (tool === undefined || tool === '' || !isObject(config)) return;
  config.worker = { ...(isObject(config.worker) ? config.worker : {}), dumpTool: tool };
}

function fillIn(
  value: unknown,
  environment: Environment,
  path: readonly (string | number)[],
  problems: string[],
): unknown {
  if (Array.isArray(value))
    return value.map((item, index) => fillIn(item, environment, [...path, index], problems));
  if (isObject(value)) {
    return Object.fromEntries(
      Object.entries(value)
        // A section whose every line is commented out is one that is not there.
        .filter(([, item]) => item !== null)
        .map(([key, item]) => [key, fillIn(item, environment, [...path, key], problems)]),
    );
  }
  if (typeof value !== 'string') return value;
  return value.replace(/\$\{(file:)?([^}]*)\}/g, (_whole, isFile: string | undefined, source: string) => {
    if (isFile !== undefined) {
      try {
        return readFileSync(source, 'utf8').replace(/\r?\n$/, '');
      } catch (cause) {
        problems.push(`${path.join('.')}: the file ${source} cannot be read (${errorCode(cause)})`);
        return '';
      }
    }
    const found = environment[source];
    if (found === undefined || found === '')
      problems.push(`${path.join('.')}: the environment variable ${source} is not set`);
    return found ?? '';
  });
}

const SECRET_KEY = /(token|secret|password|accessKeyId|credentials|url|manifestKeys)/i;

function describe(issue: z.core.$ZodIssue, config: unknown): string[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(
      (key) => `${[...path, key].join('.')}: unknown key; see heapdump.example.yaml for the keys there are`,
    );
  }
  // A union's own message says what is allowed; its branches' issues are only of use where one branch came closest.
  if (issue.code === 'invalid_union') {
    const deepest = issue.errors.flat().sort((a, b) => b.path.length - a.path.length)[0];
    if (deepest !== undefined && deepest.path.length > 0)
      return describe({ ...deepest, path: [...issue.path, ...deepest.path] }, config);
    if (deepest?.code === 'unrecognized_keys') return describe({ ...deepest, path: issue.path }, config);
  }
  const value = valueAt(config, path);
  // A text where a section should be may be the secret that belongs into it.
  const isSecret =
    SECRET_KEY.test(path.filter((key) => !/^\d+$/.test(key)).at(-1) ?? '') ||
    (issue.code === 'invalid_type' && issue.expected === 'object');
  const shown =
    value === undefined ? 'is missing' : isSecret ? 'has a wrong value (not shown)' : `is ${brief(value)}`;
  return [`${path.join('.') || 'the file'}: ${shown}; allowed: ${issue.message}`];
}

/** Of a list or an object no more than that it is one: what is in it may be secret. */
const brief = (value: unknown): string =>
  Array.isArray(value) && value.length > 0
    ? 'a list'
    : isObject(value)
      ? 'an object'
      : (JSON.stringify(value)?.slice(0, 80) ?? String(value));

const valueAt = (config: unknown, path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (value, key) =>
      value !== null && typeof value === 'object' ? (value as Record<string, unknown>)[key] : undefined,
    config,
  );

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

const errorCode = (cause: unknown): string =>
  isObject(cause) || cause instanceof Error
    ? String((cause as { code?: unknown }).code ?? cause)
    : String(cause);

function deepFreeze<T>(value: T): T {
  if (value !== null && typeof value === 'object') {
    for (const item of Object.values(value)) deepFreeze(item);
    Object.freeze(value);
  }
  return value;
}
