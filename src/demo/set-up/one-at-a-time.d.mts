/** Runs `work` while no other process of this machine runs work of the same name for the same folder. */
export function oneAtATime<T>(
  what: { folder: string; name: string; whenWaiting?: () => void },
  work: () => Promise<T>,
): Promise<T>;
