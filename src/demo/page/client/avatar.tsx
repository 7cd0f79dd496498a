import type { ReactNode } from 'react';
import { BotFace } from './icons.tsx';
import { usePage } from './page-context.ts';

/** A letter on a colour that is the person's own. */
export function Avatar({
  id,
  isBot = false,
  isSmall = false,
}: {
  readonly id: string;
  readonly isBot?: boolean;
  readonly isSmall?: boolean;
}): ReactNode {
  const { people } = usePage().snapshot;
  const size = isSmall ? ' avatar-small' : '';
  if (isBot) {
    return (
      <span className={`avatar avatar-bot${size}`}>
        <BotFace />
      </span>
    );
  }
  const person = people.find((each) => each.id === id);
  return (
    <span className={`avatar avatar-${person?.role ?? 'other'}${size}`} aria-hidden="true">
      {person?.name.slice(0, 1) ?? '?'}
    </span>
  );
}
