/** One instance of a card template. */

export type Params = Readonly<Record<string, string>>;

export interface Card {
  readonly outTrackId: string;
  readonly templateId: string;
  /** Clicks come by Stream; any other way is not heard of by the stand-in. */
  readonly isStream: boolean;
  readonly params: Params;
  /** By staff id. */
  readonly privateParams: Readonly<Record<string, Params>>;
  /** Those who see it, where not everybody in the group does. */
  readonly recipients: readonly string[] | undefined;
  /** How often its data were changed. */
  readonly updates: number;
}
