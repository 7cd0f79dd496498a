import { inject } from 'vitest';
import type { Tools } from '../src/demo/set-up/debian-tools.ts';
import type {} from './global-setup.ts';

/** Where redis-server, the JDK, busybox, jattach and curl lie, as global-setup.ts found or fetched them. */
export function tools(): Tools {
  return inject('tools');
}
