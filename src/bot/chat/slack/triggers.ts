/** A trigger id opens one view within three seconds: https://docs.slack.dev/reference/methods/views.open */
import { SlackFailure } from './slack-failure.ts';

const SPENT = new Set(['expired_trigger_id', 'trigger_expired', 'invalid_trigger_id', 'invalid_trigger']);
const USED = new Set(['exchanged_trigger_id', 'trigger_exchanged']);

const codeOf = (error: unknown): string => (error instanceof SlackFailure ? (error.slackCode ?? '') : '');

/** The person took longer than three seconds to get here. */
export const isTriggerSpent = (error: unknown): boolean => SPENT.has(codeOf(error));
/** The same was delivered before. */
export const isTriggerUsed = (error: unknown): boolean => USED.has(codeOf(error));
