/** Slack: whose token it is, what it may, and whether Socket Mode is switched on. Nothing is said there. */
import type { Config } from '../config-schema.ts';
import { type Answer, ask, fieldsOf, NoAnswer } from './ask.ts';
import { type Finding, finding } from './finding.ts';
import { HISTORY_SCOPES, NEEDED_SCOPES } from './slack-scopes.ts';

type SlackConfig = NonNullable<Config['chat']['slack']>;

const SLACK = 'https://slack.com/api/';

export async function checkSlack(slack: SlackConfig, signal: AbortSignal): Promise<Finding[]> {
  const found = await Promise.all([
    checkBotToken(slack, signal),
    slack.mode === 'socket' ? checkSocketMode(slack, signal) : checkSigningSecret(slack),
  ]);
  return found.flat();
}

async function checkBotToken(slack: SlackConfig, signal: AbortSignal): Promise<Finding[]> {
  const answer = await call(slack, 'auth.test', slack.botToken, signal);
  if ('code' in answer) return [answer];
  const { ok, error, team, user } = fieldsOf(answer.text);
  if (ok !== true) return [finding('slack-token-refused', { error: errorText(error, answer) })];
  return [
    finding('slack-token', { team: String(team), bot: String(user) }),
    ...scopes(answer.headers.get('x-oauth-scopes'), slack.command),
  ];
}

/** Every answer of the Web API names what its token may: https://docs.slack.dev/authentication/installing-with-oauth */
function scopes(header: string | null, command: string): Finding[] {
  if (header === null) return [finding('slack-scopes-hidden')];
  const granted = new Set(header.split(',').map((scope) => scope.trim()));
  const lacking = (wanted: readonly string[]): string =>
    wanted.filter((scope) => !granted.has(scope)).join(', ');
  const needed = lacking(NEEDED_SCOPES);
  const history = lacking(HISTORY_SCOPES);
  return [
    needed === '' ? finding('slack-scopes', { command }) : finding('slack-scope-missing', { scopes: needed }),
    ...(history === '' ? [] : [finding('slack-history-missing', { scopes: history })]),
  ];
}

/** Gives an address for a WebSocket and changes nothing: https://docs.slack.dev/reference/methods/apps.connections.open */
async function checkSocketMode(slack: SlackConfig, signal: AbortSignal): Promise<Finding[]> {
  const answer = await call(slack, 'apps.connections.open', slack.appToken ?? '', signal);
  if ('code' in answer) return [answer];
  const { ok, error } = fieldsOf(answer.text);
  return [
    ok === true
      ? finding('slack-socket')
      : finding('slack-socket-refused', { error: errorText(error, answer) }),
  ];
}

/** Slack never answers whether it is right; each of its requests does. */
function checkSigningSecret({ signingSecret = '' }: SlackConfig): Finding[] {
  return [finding(/^[0-9a-f]{32}$/.test(signingSecret) ? 'slack-secret-shape' : 'slack-secret-odd')];
}

async function call(
  { apiUrl = SLACK }: SlackConfig,
  method: string,
  token: string,
  signal: AbortSignal,
): Promise<Answer | Finding> {
  try {
    return await ask(
      `${apiUrl.replace(/\/*$/, '/')}${method}`,
      { method: 'POST', headers: { authorization: `Bearer ${token}` } },
      signal,
    );
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return finding('slack-unreachable', { method, reason: error.reason });
  }
}

const errorText = (error: unknown, { status }: Answer): string =>
  typeof error === 'string' && /^[\w.-]{1,80}$/.test(error) ? error : `HTTP ${status}`;
