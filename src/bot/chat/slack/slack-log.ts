/** Logging as this folder needs it: pino, or anything of its shape. */
import { type Logger as BoltLogger, LogLevel } from '@slack/bolt';

export interface SlackLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Addresses with a ticket or a `response_url` are capabilities; Slack's packages put them into their messages. */
const ADDRESS = /\b(?:https?|wss?):\/\/\S+/g;

/**
 * What Slack's packages log. Their debug lines are dropped: these hold whole payloads, with what people wrote and with
 * `response_url`s. Their errors become warnings: what is an error is for this folder to say.
 */
export function boltLogger(log: SlackLog): BoltLogger {
  const said = (parts: unknown[]) => ({
    detail: parts.map(String).join(' ').replaceAll(ADDRESS, '[address]'),
  });
  return {
    debug: () => undefined,
    info: (...parts: unknown[]) => log.debug(said(parts), 'slack package reported'),
    warn: (...parts: unknown[]) => log.warn(said(parts), 'slack package warned'),
    error: (...parts: unknown[]) => log.warn(said(parts), 'slack package reported an error'),
    setLevel: () => undefined,
    getLevel: () => LogLevel.INFO,
    setName: () => undefined,
  };
}
