/** Something that cannot be measured here, for a reason that is nobody's fault: no kubectl, no stand-in to ask. */
export class NotMeasurable extends Error {
  override readonly name = 'NotMeasurable';
  readonly code = 'not-measurable';
}
