/** What DingTalk allows, and how long it waits. */
export interface DingtalkLimits {
  readonly tokenSeconds: number;
  /** How long the ticket for a WebSocket is good. */
  readonly ticketMs: number;
  /** How long a click on a card waits for the answer. */
  readonly callbackMs: number;
  readonly sessionWebhookMs: number;
  /** From the `disconnect` frame to the end of the socket. */
  readonly disconnectGraceMs: number;
  /** Between the `ping` frames of the server. */
  readonly pingMs: number;
  /** Metered calls of the whole organisation in one month; the standard edition has 10 000. */
  readonly callsPerMonth: number;
  /** Calls of one app to one interface; `'off'` for tests that call a lot. */
  readonly callsPerSecond: number | 'off';
  /** Messages of one robot into groups, and to one person. */
  readonly messagesPerMinute: number | 'off';
  /** How long a group robot that sent too fast is mute. */
  readonly muteMs: number;
  readonly webhookBytes: number;
  readonly msgParamBytes: number;
}

export const DINGTALK_LIMITS: DingtalkLimits = {
  tokenSeconds: 7200,
  ticketMs: 90_000,
  callbackMs: 2000,
  sessionWebhookMs: 90 * 60_000,
  disconnectGraceMs: 10_000,
  pingMs: 20_000,
  callsPerMonth: 10_000,
  callsPerSecond: 20,
  messagesPerMinute: 20,
  muteMs: 10 * 60_000,
  webhookBytes: 20_000,
  msgParamBytes: 15_000,
};
