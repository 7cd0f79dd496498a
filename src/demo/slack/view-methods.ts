/** views.*: https://docs.slack.dev/reference/methods/views.open and its neighbours. */
import type { Arguments } from './arguments.ts';
import type { JsonObject } from './block.ts';
import type { Desk } from './desk.ts';
import { Refusal } from './refusal.ts';

export function openView(args: Arguments, desk: Desk): JsonObject {
  const given = viewOf(args);
  const personId = desk.triggers.exchange(args.text('trigger_id'));
  return { view: desk.views.wire(desk.views.open(personId, given, 'modal')) };
}

export function updateView(args: Arguments, desk: Desk): JsonObject {
  const given = viewOf(args);
  const before = desk.views.find(args.text('view_id')) ?? desk.views.findExternal(args.text('external_id'));
  if (before === undefined) throw new Refusal('not_found');
  return { view: desk.views.wire(desk.views.replace(before, given, args.text('hash'))) };
}

export function publishView(args: Arguments, desk: Desk): JsonObject {
  const given = viewOf(args);
  const personId = args.text('user_id');
  if (personId === undefined || !desk.directory.people.has(personId)) {
    throw new Refusal('invalid_arguments', { response_metadata: { messages: ['invalid `user_id`'] } });
  }
  const before = desk.views.home(personId);
  const view =
    before === undefined
      ? desk.views.open(personId, given, 'home')
      : desk.views.replace(before, given, args.text('hash'));
  return { view: desk.views.wire(view) };
}

function viewOf(args: Arguments): unknown {
  const given = args.json('view', 'invalid_arguments');
  if (given === undefined) {
    throw new Refusal('invalid_arguments', {
      response_metadata: { messages: ['[ERROR] missing required field: view'] },
    });
  }
  return given;
}
