/** Why an attempt is ended from outside: the `reason` of its signal. */

export class CancelledError extends Error {
  override readonly name = 'CancelledError';
  readonly code = 'cancelled';

  constructor() {
    super('Cancelled by a person');
  }
}

/** This worker stops; another one takes the job over where it stands. */
export class HandOverError extends Error {
  override readonly name = 'HandOverError';
  readonly code = 'hand-over';

  constructor() {
    super('Handed over to another worker');
  }
}
