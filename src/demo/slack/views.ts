/** Modals and Home tabs that are open before people: https://docs.slack.dev/surfaces/modals */
import { type Block, isBlock, isObject, type JsonObject, listOf, stringOr, withIds } from './block.ts';
import { checkBlocks } from './check-blocks.ts';
import { Complaints } from './complaints.ts';
import type { Directory } from './directory.ts';
import { type EnteredValues, Entries } from './entries.ts';
import { Refusal, refuseContent } from './refusal.ts';

/** A view at one moment; an update makes a new object with the same id. */
export interface OpenView {
  readonly id: string;
  readonly hash: string;
  readonly kind: 'modal' | 'home';
  readonly personId: string;
  readonly title: string;
  readonly callbackId: string;
  readonly privateMetadata: string;
  readonly externalId: string;
  readonly notifyOnClose: boolean;
  readonly clearOnClose: boolean;
  readonly blocks: readonly Block[];
  readonly rootId: string;
  readonly previousId: string | undefined;
  /** What the app said of fields, by block id, after the last submission. */
  readonly errors: Readonly<Record<string, string>>;
  /** As the app gave it. */
  readonly given: JsonObject;
}

export type ViewEventKind = 'opened' | 'updated' | 'closed';

const FIELDS = [
  'type',
  'title',
  'blocks',
  'close',
  'submit',
  'private_metadata',
  'callback_id',
  'clear_on_close',
  'notify_on_close',
  'external_id',
  'submit_disabled',
];

export class Views {
  readonly entries = new Entries();
  readonly #directory: Directory;
  readonly #open = new Map<string, OpenView>();
  readonly #listeners = new Set<(kind: ViewEventKind, view: OpenView) => void>();
  #hashes = 0;

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  /** @throws Refusal `invalid_arguments` with pointers */
  open(personId: string, given: unknown, kind: 'modal' | 'home', previous?: OpenView): OpenView {
    const id = this.#directory.newId('V01');
    const view = this.#read(given, kind, {
      id,
      personId,
      rootId: previous?.rootId ?? id,
      previousId: previous?.id,
    });
    this.#put('opened', view);
    return view;
  }

  /** @throws Refusal `hash_conflict`, `invalid_arguments` */
  replace(before: OpenView, given: unknown, hash?: string): OpenView {
    if (hash !== undefined && hash !== before.hash) throw new Refusal('hash_conflict');
    const view = this.#read(given, before.kind, before);
    this.#put('updated', view);
    return view;
  }

  showErrors(before: OpenView, errors: Readonly<Record<string, string>>): void {
    this.#put('updated', { ...before, errors });
  }

  close(view: OpenView): void {
    if (!this.#open.delete(view.id)) return;
    this.entries.forget(view.id);
    this.#tell('closed', view);
  }

  closeAll(personId: string): void {
    for (const view of this.of(personId)) if (view.kind === 'modal') this.close(view);
  }

  find(id: string | undefined): OpenView | undefined {
    return this.#open.get(id ?? '');
  }

  findExternal(externalId: string | undefined): OpenView | undefined {
    return [...this.#open.values()].find(
      (view) => externalId !== undefined && view.externalId === externalId,
    );
  }

  home(personId: string): OpenView | undefined {
    return this.of(personId).find((view) => view.kind === 'home');
  }

  /** The topmost last. */
  of(personId: string): OpenView[] {
    return [...this.#open.values()].filter((view) => view.personId === personId);
  }

  onView(listener: (kind: ViewEventKind, view: OpenView) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  entered(view: OpenView): EnteredValues {
    return this.entries.values(view.id, view.blocks);
  }

  /** The view as Slack's answers and payloads carry it. */
  wire(view: OpenView): JsonObject {
    const { given } = view;
    return {
      id: view.id,
      team_id: this.#directory.teamId,
      type: view.kind,
      blocks: view.blocks,
      private_metadata: view.privateMetadata,
      callback_id: view.callbackId,
      state: { values: this.entered(view) },
      hash: view.hash,
      title: given.title ?? null,
      clear_on_close: view.clearOnClose,
      notify_on_close: view.notifyOnClose,
      close: given.close ?? null,
      submit: given.submit ?? null,
      previous_view_id: view.previousId ?? null,
      root_view_id: view.rootId,
      app_id: this.#directory.appId,
      external_id: view.externalId,
      app_installed_team_id: this.#directory.teamId,
      bot_id: this.#directory.botId,
    };
  }

  #read(
    given: unknown,
    kind: 'modal' | 'home',
    place: Pick<OpenView, 'id' | 'personId' | 'rootId' | 'previousId'>,
  ): OpenView {
    const complaints = checkView(given, kind);
    if (!isObject(given) || complaints.length > 0) throw refuseContent('invalid_arguments', complaints);
    const externalId = stringOr(given.external_id) ?? '';
    const namesake = this.findExternal(externalId === '' ? undefined : externalId);
    if (namesake !== undefined && namesake.id !== place.id) throw new Refusal('duplicate_external_id');
    this.#hashes += 1;
    return {
      ...place,
      hash: `${place.id}.${this.#hashes}`,
      kind,
      title: isObject(given.title) ? String(given.title.text) : '',
      callbackId: stringOr(given.callback_id) ?? '',
      privateMetadata: stringOr(given.private_metadata) ?? '',
      externalId,
      notifyOnClose: given.notify_on_close === true,
      clearOnClose: given.clear_on_close === true,
      blocks: withIds(listOf(given.blocks).filter(isBlock), () => this.#directory.newId('b')),
      errors: {},
      given,
    };
  }

  #put(kind: ViewEventKind, view: OpenView): void {
    this.#open.set(view.id, Object.freeze(view));
    this.entries.show(view.id, view.blocks);
    this.#tell(kind, view);
  }

  #tell(kind: ViewEventKind, view: OpenView): void {
    for (const listener of [...this.#listeners]) listener(kind, view);
  }
}

/** @returns complaints with pointers below `/view` */
function checkView(view: unknown, kind: 'modal' | 'home'): string[] {
  const complaints = new Complaints();
  if (!isObject(view)) {
    complaints.add('/view', 'must be an object');
    return complaints.list;
  }
  complaints.onlyFields('/view', view, FIELDS);
  if (view.type !== kind) complaints.add('/view/type', `unsupported type: ${String(view.type)}`);
  for (const [key, max] of [
    ['callback_id', 255],
    ['private_metadata', 3000],
    ['external_id', 255],
  ] as const) {
    if (view[key] !== undefined) complaints.length(`/view/${key}`, view[key], max, 0);
  }
  if (kind === 'modal') checkModalWords(view, complaints);
  return [...complaints.list, ...checkBlocks(view.blocks, kind, '/view/blocks')];
}

function checkModalWords(view: JsonObject, complaints: Complaints): void {
  complaints.text('/view/title', view.title, 24, ['plain_text']);
  for (const key of ['submit', 'close']) {
    if (view[key] !== undefined) complaints.text(`/view/${key}`, view[key], 24, ['plain_text']);
  }
  const asks = listOf(view.blocks).some((block) => isObject(block) && block.type === 'input');
  if (asks && view.submit === undefined) {
    complaints.add('/view', '`submit` is required when an `input` block is within blocks array');
  }
}
