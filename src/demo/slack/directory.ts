/** Who and what there is in the workspace: people, channels, user groups. */
import { Refusal } from './refusal.ts';

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly teamId: string;
  locale: string;
  timeZone: string;
  /** A guest of several channels; `isUltraRestricted` is one of a single channel, and both flags are then set. */
  isRestricted: boolean;
  isUltraRestricted: boolean;
  isBot: boolean;
  /** Deactivated. */
  deleted: boolean;
  /** Of another company, here by Slack Connect. */
  isStranger: boolean;
}

export interface NewPerson {
  readonly name: string;
  readonly locale?: string;
  readonly timeZone?: string;
  readonly isRestricted?: boolean;
  readonly isUltraRestricted?: boolean;
  readonly isBot?: boolean;
  readonly deleted?: boolean;
  readonly isStranger?: boolean;
}

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly kind: 'public' | 'private' | 'direct';
  isArchived: boolean;
  botIsIn: boolean;
  /** Ids of the people who are not in it. Everybody else is; in a direct channel, only `directWith` is. */
  readonly absent: Set<string>;
  readonly directWith: string | undefined;
}

export interface NewChannel {
  readonly kind?: 'public' | 'private';
  /** Default true. */
  readonly botIsIn?: boolean;
}

export interface UserGroup {
  readonly id: string;
  readonly handle: string;
  /** Ids; change it as you like. */
  readonly people: Set<string>;
  disabled: boolean;
}

/** What people call the bot. */
export const BOT_NAME = 'heapdump';
const STRANGER_TEAM = 'T0STRANGER';

export class Directory {
  readonly teamId = 'T0DEMO0001';
  readonly teamDomain = 'demo-team';
  readonly appId = 'A0HEAPDUMP';
  readonly botId = 'B0HEAPDUMP';
  readonly botUserId = 'U0HEAPDUMP';
  readonly people = new Map<string, Person>();
  readonly channels = new Map<string, Channel>();
  readonly groups = new Map<string, UserGroup>();
  #count = 0;

  /** A short id that is never given twice. */
  newId(prefix: string): string {
    this.#count += 1;
    return `${prefix}${this.#count.toString(36).toUpperCase().padStart(6, '0')}`;
  }

  addPerson(person: NewPerson): Person {
    const added: Person = {
      id: this.newId('U01'),
      name: person.name,
      teamId: person.isStranger === true ? STRANGER_TEAM : this.teamId,
      locale: person.locale ?? 'en-US',
      timeZone: person.timeZone ?? 'Etc/UTC',
      isRestricted: person.isRestricted === true || person.isUltraRestricted === true,
      isUltraRestricted: person.isUltraRestricted ?? false,
      isBot: person.isBot ?? false,
      deleted: person.deleted ?? false,
      isStranger: person.isStranger ?? false,
    };
    this.people.set(added.id, added);
    return added;
  }

  addChannel(name: string, options: NewChannel = {}): Channel {
    const kind = options.kind ?? 'public';
    const added: Channel = {
      id: this.newId(kind === 'public' ? 'C01' : 'G01'),
      name: name.replace(/^#/, ''),
      kind,
      isArchived: false,
      botIsIn: options.botIsIn ?? true,
      absent: new Set(),
      directWith: undefined,
    };
    this.channels.set(added.id, added);
    return added;
  }

  addUserGroup(handle: string, people: readonly Person[]): UserGroup {
    const added: UserGroup = {
      id: this.newId('S01'),
      handle,
      people: new Set(people.map((person) => person.id)),
      disabled: false,
    };
    this.groups.set(added.id, added);
    return added;
  }

  /** The direct channel between a person and the bot, made at first use. */
  directChannel(personId: string): Channel {
    for (const channel of this.channels.values()) if (channel.directWith === personId) return channel;
    const added: Channel = {
      id: this.newId('D01'),
      name: 'directmessage',
      kind: 'direct',
      isArchived: false,
      botIsIn: true,
      absent: new Set(),
      directWith: personId,
    };
    this.channels.set(added.id, added);
    return added;
  }

  /** Of a person, a channel or a user group. */
  nameOf(id: string): string | undefined {
    if (id === this.botUserId) return BOT_NAME;
    return this.people.get(id)?.name ?? this.channels.get(id)?.name ?? this.groups.get(id)?.handle;
  }

  isIn(personId: string, channel: Channel): boolean {
    return channel.kind === 'direct' ? channel.directWith === personId : !channel.absent.has(personId);
  }

  /**
   * The channel that an argument means, for one who may look into it.
   * @param id an id, `#name`, or (with `people`) a person's id for the direct channel
   * @throws Refusal `channel_not_found`, also for private channels without the bot
   */
  channelFor(id: string | undefined, options: { readonly people?: boolean } = {}): Channel {
    if (options.people === true && id !== undefined && this.people.has(id)) return this.directChannel(id);
    const found =
      this.channels.get(id ?? '') ??
      [...this.channels.values()].find((channel) => channel.kind !== 'direct' && `#${channel.name}` === id);
    if (found === undefined || (found.kind !== 'public' && !found.botIsIn))
      throw new Refusal('channel_not_found');
    return found;
  }

  /** @throws Refusal `user_not_found` */
  person(id: string | undefined): Person {
    const found = this.people.get(id ?? '');
    if (found === undefined) throw new Refusal('user_not_found');
    return found;
  }
}
