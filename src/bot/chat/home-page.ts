/** A page that each person has with the bot, where the platform has such a thing: Slack's App Home. */
import type { Message } from './message.ts';

export interface HomePage {
  readonly title: string;
  readonly sections: readonly HomeSection[];
  /** Below everything else: back to the newest, and on to what is older. */
  readonly newest?: { readonly label: string };
  readonly older?: { readonly label: string; readonly behind: string };
}

export interface HomeSection {
  /** Empty for one without a heading. */
  readonly title: string;
  /** The most important first: a platform that takes only so much leaves out the last ones, and says so. */
  readonly entries: readonly Message[];
  /** Below the entries, or in their place. */
  readonly note?: string;
}
