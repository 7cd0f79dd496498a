/** The people, groups and roles of the organisation. */
import { randomBytes } from 'node:crypto';

export interface Person {
  /** The staff id (`userId` of the APIs, `senderStaffId` of messages). Guests have one of their own organisation only. */
  readonly id: string;
  readonly name: string;
  /** Of another organisation: messages carry no `senderStaffId`, and the APIs do not know them. */
  readonly isGuest: boolean;
  isAdmin: boolean;
  /** Has left: the APIs do not know them any more. */
  hasLeft: boolean;
  /** Has never logged in (`active: false`). */
  isActive: boolean;
  readonly unionId: string;
  /** The encrypted id in messages: `$:LWCP_v1:$…`. */
  readonly dingtalkId: string;
  /** The conversation id of the one-to-one chat with the robot. */
  readonly singleChat: string;
}

export interface NewPerson {
  readonly id?: string;
  readonly name: string;
  readonly isGuest?: boolean;
  readonly isAdmin?: boolean;
  readonly isActive?: boolean;
}

export interface Group {
  /** The conversation id, `cid…==`. */
  readonly id: string;
  readonly title: string;
  /** Ids of people; change it as you like. */
  readonly members: Set<string>;
  robotIsIn: boolean;
  /** Its members can be listed: made from a group template, or with the app installed in it. */
  listsMembers: boolean;
  dissolved: boolean;
}

export interface NewGroup {
  readonly id?: string;
  readonly title: string;
  /** Ids of people. Default: everybody who is there when the group is made. */
  readonly members?: readonly string[];
  readonly robotIsIn?: boolean;
  readonly listsMembers?: boolean;
}

export interface Role {
  readonly id: number;
  readonly name: string;
  /** Ids of people; change it as you like. */
  readonly members: Set<string>;
}

export interface Corp {
  readonly id?: string;
  readonly name?: string;
}

export const ROBOT_NAME = '堆转储';
const GUEST_CORP = 'dingguestcorp000000000';

export class Directory {
  readonly corpId: string;
  readonly corpName: string;
  /** Also the robot's code, as for every robot of an internal app. */
  readonly clientId: string;
  readonly robotDingtalkId = lwcpId();
  readonly people = new Map<string, Person>();
  readonly groups = new Map<string, Group>();
  readonly roles = new Map<number, Role>();
  #count = 0;

  constructor(corp: Corp = {}) {
    this.corpId = corp.id ?? `ding${randomBytes(16).toString('hex')}`;
    this.corpName = corp.name ?? '示例公司';
    this.clientId = `ding${randomBytes(8).toString('hex')}`;
  }

  addPerson(person: NewPerson): Person {
    const added: Person = {
      id: person.id ?? this.#staffId(),
      name: person.name,
      isGuest: person.isGuest ?? false,
      isAdmin: person.isAdmin ?? false,
      hasLeft: false,
      isActive: person.isActive ?? true,
      unionId: randomBytes(12).toString('base64url'),
      dingtalkId: lwcpId(),
      singleChat: conversationId(),
    };
    if (this.people.has(added.id)) throw new Error(`there is a person ${added.id} already`);
    this.people.set(added.id, added);
    return added;
  }

  addGroup(group: NewGroup): Group {
    const added: Group = {
      id: group.id ?? conversationId(),
      title: group.title,
      members: new Set(group.members ?? this.people.keys()),
      robotIsIn: group.robotIsIn ?? true,
      listsMembers: group.listsMembers ?? true,
      dissolved: false,
    };
    for (const id of added.members) this.#known(id);
    this.groups.set(added.id, added);
    return added;
  }

  addRole(name: string, people: readonly Person[]): Role {
    this.#count += 1;
    const added: Role = {
      id: 1_507_113_000 + this.#count,
      name,
      members: new Set(people.map(({ id }) => id)),
    };
    this.roles.set(added.id, added);
    return added;
  }

  corpOf(person: Person): string {
    return person.isGuest ? GUEST_CORP : this.corpId;
  }

  /** Somebody whom the APIs know. */
  staff(id: unknown): Person | undefined {
    const person = typeof id === 'string' ? this.people.get(id) : undefined;
    return person === undefined || person.isGuest || person.hasLeft ? undefined : person;
  }

  /** A group that the robot can speak in. */
  groupOfRobot(id: unknown): Group | undefined {
    const group = typeof id === 'string' ? this.groups.get(id) : undefined;
    return group === undefined || group.dissolved || !group.robotIsIn ? undefined : group;
  }

  ofSingleChat(conversation: string): Person | undefined {
    return [...this.people.values()].find(({ singleChat }) => singleChat === conversation);
  }

  #known(id: string): void {
    if (!this.people.has(id)) throw new Error(`there is no person ${id}`);
  }

  #staffId(): string {
    this.#count += 1;
    return `0${String(135_204_300_000_000 + this.#count)}`;
  }
}

function conversationId(): string {
  return `cid${randomBytes(16).toString('base64')}`;
}

function lwcpId(): string {
  return `$:LWCP_v1:$${randomBytes(24).toString('base64')}`;
}
